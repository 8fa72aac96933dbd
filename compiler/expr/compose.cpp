#include "expr/compose.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace d2nn::expr {
namespace {

/// maximum(x, bound) with the gradient of x where x > bound and 0 elsewhere; maximum alone would give half at a tie.
/// Comparing hands no NaN on, the detached maximum does.
Value above(const Value& x, double bound) {
  return select(greater(x, bound), x, detach(maximum(x, bound)));
}

/// minimum(x, bound) likewise.
Value below(const Value& x, double bound) {
  return select(greater(bound, x), x, detach(minimum(x, bound)));
}

}  // namespace

Value relu(const Value& x) {
  return above(x, 0);
}

Value relu6(const Value& x) {
  return below(relu(x), 6);
}

Value leaky_relu(const Value& x, double slope) {
  return select(greater(x, 0), x, x * slope);
}

Value clamp(const Value& x, double low, double high) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Value clamped = x;
  if (low != -infinity) clamped = select(greater(low, clamped), low, clamped);
  if (high != infinity) clamped = select(greater(clamped, high), high, clamped);
  return clamped;
}

Value elu(const Value& x, double alpha) {
  return select(greater(x, 0), x, (exp(x) - 1) * alpha);
}

/// Below -88 exp(-x) comes to the end of f32, and the gradient would be 0 * infinity.
Value sigmoid(const Value& x) {
  return select(greater(-88, x), 0, 1 / (1 + exp(-x)));
}

Value silu(const Value& x) {
  return x * sigmoid(x);
}

Value gelu(const Value& x) {
  return x * 0.5 * (1 + erf(x * (1 / std::numbers::sqrt2)));
}

Value hard_sigmoid(const Value& x) {
  return relu6(x + 3) / 6;
}

Value hard_swish(const Value& x) {
  return x * relu6(x + 3) / 6;
}

/// Any shift gives the same result, so the shift needs no gradient.
Value softmax(const Value& x, const Axes& axes) {
  const Value weight = exp(x - detach(max(x, axes)));
  return weight / sum(weight, axes);
}

/// The mean is where the squares are least, so the variance does not change with it to first order and its gradient
/// need not go that way: the sums of the backward pass do not wait for each other.
Value normalise(const Value& x, const Axes& axes, double eps) {
  const Value centre = mean(x, axes);
  const Value deviation = x - detach(centre);
  const Value variance = mean(deviation * deviation, axes);
  return (x - centre) * (1 / sqrt(variance + eps));
}

}  // namespace d2nn::expr
