// Layers that keep the shape and have no weights: activations, dropout.
#include "expr/compose.h"
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

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

ShapeResult clamp_shape(const Arguments& arguments, Shapes inputs) {
  const double least = arguments.number("min"), greatest = arguments.number("max");
  if (!(least <= greatest)) {
    return reject(ShapeFault::argument, "min",
                  "`min: " + number_text(least) + "` is more than `max: " + number_text(greatest) + "`");
  }
  return accept(inputs[0]);
}

expr::Value clamp(Composition& layer, const Arguments& arguments) {
  return expr::clamp(layer.operand(), arguments.number("min"), arguments.number("max"));
}

expr::Value elu(Composition& layer, const Arguments& arguments) {
  return expr::elu(layer.operand(), arguments.number("alpha"));
}

constexpr ParamInfo leaky_relu_params[] = {
    {"slope", ParamType::number, "0.01", "factor of negative values"},
};
constexpr ParamInfo elu_params[] = {
    {"alpha", ParamType::number, "1.0", "factor of negative results"},
};
constexpr ParamInfo clamp_params[] = {
    {"min", ParamType::number, nullptr, "least value; at most `max`"},
    {"max", ParamType::number, nullptr, "greatest value"},
};
constexpr ParamInfo dropout_params[] = {
    {"p", ParamType::number, "0.5", "probability that training sets a value to zero; below 1"},
};

constexpr Layer family[] = {
    {.name = "relu", .meaning = elementwise<expr::relu>, .doc = "max(x, 0); NaN passes through."},
    {.name = "leaky_relu",
     .params = leaky_relu_params,
     .meaning = leaky_relu,
     .doc = "x where it is positive, slope x elsewhere."},
    {.name = "sigmoid", .meaning = elementwise<expr::sigmoid>, .doc = "1 / (1 + exp(-x))."},
    {.name = "tanh", .meaning = elementwise<expr::tanh>, .doc = "Hyperbolic tangent."},
    {.name = "gelu",
     .meaning = elementwise<expr::gelu>,
     .doc = "x times the standard normal distribution function of x, exact (with erf)."},
    {.name = "relu6", .meaning = elementwise<expr::relu6>, .doc = "min(max(x, 0), 6)."},
    {.name = "hard_sigmoid", .meaning = elementwise<expr::hard_sigmoid>, .doc = "relu6(x + 3) / 6."},
    {.name = "hard_swish", .meaning = elementwise<expr::hard_swish>, .doc = "x relu6(x + 3) / 6."},
    {.name = "elu",
     .params = elu_params,
     .meaning = elu,
     .doc = "x where it is positive, alpha (exp(x) - 1) elsewhere."},
    {.name = "clamp",
     .params = clamp_params,
     .shape = clamp_shape,
     .meaning = clamp,
     .doc = "min(max(x, least), greatest); NaN passes through."},
    {.name = "exp", .meaning = elementwise<expr::exp>, .doc = "Exponential function."},
    {.name = "log", .meaning = elementwise<expr::log>, .doc = "Natural logarithm; NaN below 0."},
    {.name = "sqrt", .meaning = elementwise<expr::sqrt>, .doc = "Square root; NaN below 0."},
    {.name = "abs", .meaning = elementwise<expr::abs>, .doc = "Absolute value."},
    {.name = "silu", .meaning = elementwise<expr::silu>, .doc = "x sigmoid(x)."},
    {.name = "dropout",
     .kernel = Kernel::dropout,
     .params = dropout_params,
     .shape = dropout_shape,
     .doc =
         "In training, sets random values to zero and scales the others by 1 / (1 - p); in inference, does nothing."},
};

}  // namespace

std::span<const Layer> activations() {
  return family;
}

}  // namespace d2nn::ops
