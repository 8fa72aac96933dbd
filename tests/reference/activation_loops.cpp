// Layers that compute each element from the one at its place, with PyTorch's numerics: exact gelu, NaN passes through
// relu. One row each: the function and its slope, PyTorch's at a kink.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string_view>

#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

/// Probability that a standard normal variable is at most x, and its density at x.
double normal_probability(double x) {
  return 0.5 * (1 + std::erf(x / std::numbers::sqrt2));
}
double normal_density(double x) {
  return std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

using Function = double (*)(double x, const ops::Arguments& arguments);
struct Elementwise {
  std::string_view layer;
  Function value, slope;
};

const Elementwise all_functions[] = {
    {"relu", [](double x, const ops::Arguments&) { return x < 0 ? 0.0 : x; },  // NaN is not below 0: it passes
     [](double x, const ops::Arguments&) { return x <= 0 ? 0.0 : 1.0; }},
    {"leaky_relu", [](double x, const ops::Arguments& a) { return x > 0 ? x : x * a.number("slope"); },
     [](double x, const ops::Arguments& a) { return x > 0 ? 1.0 : a.number("slope"); }},
    {"sigmoid", [](double x, const ops::Arguments&) { return logistic(x); },
     [](double x, const ops::Arguments&) { return logistic(x) * (1 - logistic(x)); }},
    {"tanh", [](double x, const ops::Arguments&) { return std::tanh(x); },
     [](double x, const ops::Arguments&) { return 1 - std::tanh(x) * std::tanh(x); }},
    {"gelu", [](double x, const ops::Arguments&) { return x * normal_probability(x); },
     [](double x, const ops::Arguments&) { return normal_probability(x) + x * normal_density(x); }},
    {"relu6", [](double x, const ops::Arguments&) { return std::min(std::max(x, 0.0), 6.0); },
     [](double x, const ops::Arguments&) { return x > 0 && x < 6 ? 1.0 : 0.0; }},
    {"hard_sigmoid", [](double x, const ops::Arguments&) { return std::min(std::max(x + 3, 0.0), 6.0) / 6; },
     [](double x, const ops::Arguments&) { return x > -3 && x < 3 ? 1.0 / 6 : 0.0; }},
    {"hard_swish", [](double x, const ops::Arguments&) { return x * std::min(std::max(x + 3, 0.0), 6.0) / 6; },
     [](double x, const ops::Arguments&) { return x <= -3 ? 0.0
                                                  : x < 3 ? x / 3 + 0.5
                                                          : 1.0; }},
    {"elu", [](double x, const ops::Arguments& a) { return x > 0 ? x : a.number("alpha") * std::expm1(x); },
     [](double x, const ops::Arguments& a) { return x > 0 ? 1.0 : a.number("alpha") * std::exp(x); }},
    {"clamp", [](double x, const ops::Arguments& a) { return std::min(std::max(x, a.number("min")), a.number("max")); },
     [](double x, const ops::Arguments& a) { return x >= a.number("min") && x <= a.number("max") ? 1.0 : 0.0; }},
    {"exp", [](double x, const ops::Arguments&) { return std::exp(x); },
     [](double x, const ops::Arguments&) { return std::exp(x); }},
    {"log", [](double x, const ops::Arguments&) { return std::log(x); },
     [](double x, const ops::Arguments&) { return 1 / x; }},
    {"sqrt", [](double x, const ops::Arguments&) { return std::sqrt(x); },
     [](double x, const ops::Arguments&) { return 0.5 / std::sqrt(x); }},
    {"abs", [](double x, const ops::Arguments&) { return std::abs(x); },
     [](double x, const ops::Arguments&) { return x > 0   ? 1.0
                                                  : x < 0 ? -1.0
                                                          : 0.0; }},
    {"silu", [](double x, const ops::Arguments&) { return x * logistic(x); },
     [](double x, const ops::Arguments&) { return logistic(x) * (1 + x * (1 - logistic(x))); }},
};

const Elementwise& function_of(const graph::Op& op) {
  for (const Elementwise& function : all_functions) {
    if (function.layer == op.layer->name) return function;
  }
  throw std::logic_error("`" + std::string(op.layer->name) + "` has no function");
}

}  // namespace

template <class Scalar>
void elementwise_forward(OpForward<Scalar>& call) {
  const Function value = function_of(call.op).value;
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      (*call.results[row])[i] = Scalar(value(double((*call.operands[row][0])[i]), call.op.arguments));
    }
  }
}

template <class Scalar>
void elementwise_backward(OpBackward<Scalar>& call) {
  const Function slope = function_of(call.op).slope;
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      const double gradient = (*call.result_gradients[row])[i];
      (*call.operand_gradients[row][0])[i] +=
          Scalar(gradient * slope(double((*call.operands[row][0])[i]), call.op.arguments));
    }
  }
}

template void elementwise_forward(OpForward<float>&);
template void elementwise_forward(OpForward<double>&);
template void elementwise_backward(OpBackward<float>&);
template void elementwise_backward(OpBackward<double>&);

}  // namespace d2nn::reference
