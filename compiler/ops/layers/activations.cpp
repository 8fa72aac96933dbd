// Layers that keep the shape and have no weights: activations, softmax (over channels), dropout, identity.
#include <cmath>

#include "expr/compose.h"
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

ShapeResult leaky_relu_shape(const Arguments& arguments, Shapes inputs) {
  const double slope = arguments.number("slope");
  if (!std::isfinite(static_cast<float>(slope))) {
    return reject(ShapeFault::argument, "slope", "`slope: " + number_text(slope) + "` lies beyond f32");
  }
  return accept(inputs[0]);
}

ShapeResult dropout_shape(const Arguments& arguments, Shapes inputs) {
  const double p = arguments.number("p");
  if (!(p >= 0 && p < 1)) {
    return reject(ShapeFault::argument, "p",
                  "`p: " + number_text(p) + "` is not a probability from 0 up to but not including 1");
  }
  return accept(inputs[0]);
}

/// The meaning of a layer that computes each element from the one at the same place.
template <expr::Value (*function)(const expr::Value&)>
expr::Value elementwise(Composition& layer, const Arguments&) {
  return function(layer.operand());
}

expr::Value leaky_relu(Composition& layer, const Arguments& arguments) {
  return expr::leaky_relu(layer.operand(), arguments.number("slope"));
}

expr::Value softmax(Composition& layer, const Arguments&) {
  return expr::softmax(layer.operand(), {0});
}

constexpr ParamInfo leaky_relu_params[] = {
    {"slope", ParamType::number, "0.01", "factor of negative values"},
};
constexpr ParamInfo dropout_params[] = {
    {"p", ParamType::number, "0.5", "probability that training sets a value to zero; below 1"},
};

constexpr Layer family[] = {
    {.name = "relu", .meaning = elementwise<expr::relu>, .doc = "max(x, 0); NaN passes through."},
    {.name = "leaky_relu",
     .params = leaky_relu_params,
     .shape = leaky_relu_shape,
     .meaning = leaky_relu,
     .doc = "x where it is positive, slope x elsewhere."},
    {.name = "sigmoid", .meaning = elementwise<expr::sigmoid>, .doc = "1 / (1 + exp(-x))."},
    {.name = "tanh", .meaning = elementwise<expr::tanh>, .doc = "Hyperbolic tangent."},
    {.name = "gelu",
     .meaning = elementwise<expr::gelu>,
     .doc = "x times the standard normal distribution function of x, exact (with erf)."},
    {.name = "silu", .meaning = elementwise<expr::silu>, .doc = "x sigmoid(x)."},
    {.name = "softmax", .meaning = softmax, .doc = "exp(x) divided by its sum over the first dimension (channels)."},
    {.name = "detach",
     .meaning = elementwise<expr::detach>,
     .doc = "Its input; in training no gradient goes to what made it."},
    {.name = "dropout",
     .kernel = Kernel::dropout,
     .params = dropout_params,
     .shape = dropout_shape,
     .doc = "In training sets values to zero and scales the others by 1 / (1 - p); does nothing in inference."},
};

}  // namespace

std::span<const Layer> activations() {
  return family;
}

}  // namespace d2nn::ops
