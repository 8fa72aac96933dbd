// Tensors that are learned and stand in expressions.
#include <cmath>

#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

ShapeResult parameter_shape(const Arguments& arguments, Shapes) {
  const Integers& dims = arguments.dims("dims");
  if (auto error = check_dims("parameter", dims)) return *error;
  const double deviation = arguments.start("start").deviation;
  if (!(deviation >= 0) || !std::isfinite(static_cast<float>(deviation))) {
    return reject(ShapeFault::argument, "start",
                  "the deviation of `normal` is " + number_text(deviation) + ", but it is at least 0 and within f32");
  }
  return accept_if_representable(dims, "parameter");
}

std::vector<Weight> parameter_weights(const Arguments& arguments, Shapes, const Shape& output) {
  const StartValues& start = arguments.start("start");
  return {{.name = "", .shape = output, .start = start.start, .deviation = start.deviation}};
}

expr::Value parameter(Composition& layer, const Arguments& arguments) {
  return layer.weight(0, arguments.dims("dims"));
}

constexpr ParamInfo parameter_params[] = {
    {"dims", ParamType::dims, nullptr, "its dimensions"},
    {"start", ParamType::start, "zeros", "its values before training; `std` is the deviation from 0"},
};

constexpr Layer family[] = {
    {.name = "parameter",
     .is_in_pipelines = false,
     .called_with = 0,
     .params = parameter_params,
     .shape = parameter_shape,
     .meaning = parameter,
     .weights = parameter_weights,
     .doc = "A learned tensor, a value of expressions: `x + parameter([1, 64], start: normal(0.02)) as position`. Its "
            "label alone is its name, without `.weight`. Weight decay does not apply to it."},
};

}  // namespace

std::span<const Layer> learned_tensors() {
  return family;
}

}  // namespace d2nn::ops
