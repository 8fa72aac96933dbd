// Reductions along axes of a sample, which stay with size 1, and softmax.
#include "expr/compose.h"
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

ShapeResult softmax_shape(const Arguments& arguments, Shapes inputs) {
  if (auto error = check_axis("axis", arguments.integer("axis"), inputs[0])) return *error;
  return accept(inputs[0]);
}

expr::Value softmax(Composition& layer, const Arguments& arguments) {
  return expr::softmax(layer.operand(), {arguments.integer("axis")});
}

ShapeResult reduced_shape(const Arguments& arguments, Shapes inputs) {
  const Integers& axes = arguments.integers("axes");
  if (auto error = check_axes("axes", axes, inputs[0])) return *error;
  Shape reduced = inputs[0];
  for (std::int64_t axis : axes) reduced.dims[static_cast<std::size_t>(axis)] = 1;
  return accept(std::move(reduced));
}

template <expr::Value (*reduce)(const expr::Value&, const expr::Axes&)>
expr::Value reduction(Composition& layer, const Arguments& arguments) {
  return reduce(layer.operand(), arguments.integers("axes"));
}

constexpr ParamInfo softmax_params[] = {
    {"axis", ParamType::integer, "0", "the axis along which the results sum to 1; 0 is the first (channels)"},
};
constexpr ParamInfo reduction_params[] = {
    {"axes", ParamType::integers, nullptr, "axes of a sample, counted from 0; they stay with size 1"},
};

constexpr Layer family[] = {
    {.name = "softmax",
     .params = softmax_params,
     .shape = softmax_shape,
     .meaning = softmax,
     .doc = "exp(x) divided by its sum along the axis."},
    {.name = "sum",
     .params = reduction_params,
     .shape = reduced_shape,
     .meaning = reduction<expr::sum>,
     .doc = "Sum over axes: `sum([1, 2])` of [C, H, W] gives [C, 1, 1]."},
    {.name = "mean",
     .params = reduction_params,
     .shape = reduced_shape,
     .meaning = reduction<expr::mean>,
     .doc = "Mean over axes: `mean([1, 2])` of [C, H, W] gives [C, 1, 1]."},
    {.name = "max",
     .params = reduction_params,
     .shape = reduced_shape,
     .meaning = reduction<expr::max>,
     .doc = "Greatest value over axes, like torch.amax: equal values share the gradient; NaN counts as the greatest "
            "value."},
};

}  // namespace

std::span<const Layer> reductions() {
  return family;
}

}  // namespace d2nn::ops
