// What layers are written with: the usual functions, composed of primitives. Values, NaN and infinities as in PyTorch,
// and gradients too, those at a kink included; where PyTorch passes a gradient on through NaN, it may be 0 here.
#pragma once

#include "expr/value.h"

namespace d2nn::expr {

/// max(x, 0). Gradient 0 at 0.
Value relu(const Value& x);
/// min(max(x, 0), 6). Gradient 0 at 0 and 6.
Value relu6(const Value& x);
/// x above 0, x * slope elsewhere. Gradient `slope` at 0.
Value leaky_relu(const Value& x, double slope);
/// min(max(x, low), high), low <= high; infinite bounds do nothing. Gradient 1 at a bound.
Value clamp(const Value& x, double low, double high);
/// x above 0, alpha * (exp(x) - 1) elsewhere.
Value elu(const Value& x, double alpha);

/// 1 / (1 + exp(-x)); 0 where that is a subnormal number.
Value sigmoid(const Value& x);
/// x * sigmoid(x); NaN at -infinity.
Value silu(const Value& x);
/// x * (1 + erf(x / sqrt(2))) / 2; NaN at -infinity.
Value gelu(const Value& x);
/// relu6(x + 3) / 6.
Value hard_sigmoid(const Value& x);
/// x * relu6(x + 3) / 6; NaN at -infinity.
Value hard_swish(const Value& x);

/// exp(x) / sum(exp(x)) over the axes, which does not overflow; NaN where the greatest x is infinite.
Value softmax(const Value& x, const Axes& axes);
/// (x - mean) / sqrt(variance + eps) over the axes, the variance divided by the count: layer_norm and group_norm before
/// their weights.
Value normalise(const Value& x, const Axes& axes, double eps);

}  // namespace d2nn::expr
