// Layers that keep the shape and have no weights: activations, softmax (over channels), dropout, identity.
#include <cmath>

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

constexpr ParamInfo leaky_relu_params[] = {
    {"slope", ParamType::number, "0.01", "factor of negative values"},
};
constexpr ParamInfo dropout_params[] = {
    {"p", ParamType::number, "0.5", "probability that training sets a value to zero; below 1"},
};

constexpr Layer family[] = {
    {.name = "relu", .kernel = Kernel::relu, .doc = "max(x, 0); NaN passes through."},
    {.name = "leaky_relu",
     .kernel = Kernel::leaky_relu,
     .params = leaky_relu_params,
     .shape = leaky_relu_shape,
     .doc = "x where it is positive, slope x elsewhere."},
    {.name = "sigmoid", .kernel = Kernel::sigmoid, .doc = "1 / (1 + exp(-x))."},
    {.name = "tanh", .kernel = Kernel::tanh, .doc = "Hyperbolic tangent."},
    {.name = "gelu",
     .kernel = Kernel::gelu,
     .doc = "x times the standard normal distribution function of x, exact (with erf)."},
    {.name = "silu", .kernel = Kernel::silu, .doc = "x sigmoid(x)."},
    {.name = "softmax",
     .kernel = Kernel::softmax,
     .doc = "exp(x) divided by its sum over the first dimension (channels)."},
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
