// Layers that rearrange or combine without weights: flatten, reshape, pad_channels, and `+`, `*`, concat of bodies.
// `+` and `*` take equal shapes; nothing is broadcast.
#include "ops/rules.h"

namespace d2nn::ops {

ShapeResult flatten_shape(const OpAttrs&, Shapes inputs) {
  return accept(Shape{inputs[0].elements()});
}

ShapeResult reshape_shape(const OpAttrs& attrs, Shapes inputs) {
  constexpr std::size_t greatest_rank = 8;
  if (attrs.dims.empty() || attrs.dims.size() > greatest_rank) {
    return reject(ShapeFault::argument, "dims",
                  "`reshape` has " + std::to_string(attrs.dims.size()) + " dimensions, but 1 to 8 are possible");
  }
  for (std::int64_t dim : attrs.dims) {
    if (auto error = check_range("dims", dim, 1)) return *error;
  }
  const std::optional<std::int64_t> elements = checked_elements(attrs.dims);
  if (elements == inputs[0].elements()) return accept(Shape(attrs.dims));
  return reject(ShapeFault::input, "dims",
                "`reshape` to " + Shape(attrs.dims).to_string() + " needs " +
                    (elements ? std::to_string(*elements) : "more than " + std::to_string(max_elements)) +
                    " elements, but " + inputs[0].to_string() + " has " + std::to_string(inputs[0].elements()));
}

ShapeResult pad_channels_shape(const OpAttrs& attrs, Shapes inputs) {
  if (auto error = check_range("before", attrs.before, 0)) return *error;
  if (auto error = check_range("after", attrs.after, 0)) return *error;
  std::vector<std::int64_t> dims = inputs[0].dims;
  dims[0] += attrs.before + attrs.after;
  return accept_if_representable(std::move(dims), "pad_channels");
}

ShapeResult equal_shapes(const OpAttrs&, Shapes inputs) {
  for (const Shape& other : inputs.subspan(1)) {
    if (other != inputs[0]) {
      return reject(
          ShapeFault::input, nullptr,
          "the operands are " + inputs[0].to_string() + " and " + other.to_string() + ", but must have equal shapes");
    }
  }
  return accept(inputs[0]);
}

ShapeResult concat_shape(const OpAttrs&, Shapes inputs) {
  std::vector<std::int64_t> dims = inputs[0].dims;
  for (const Shape& other : inputs.subspan(1)) {
    bool fits = other.rank() == dims.size();
    for (std::size_t axis = 1; fits && axis < dims.size(); ++axis) fits = other.dims[axis] == dims[axis];
    if (!fits) {
      return reject(ShapeFault::input, nullptr,
                    "the operands are " + inputs[0].to_string() + " and " + other.to_string() +
                        ", but may differ in their first dimension only");
    }
    dims[0] += other.channels();
    if (!checked_elements(dims)) return accept_if_representable(std::move(dims), "concat");
  }
  return accept(Shape(std::move(dims)));
}

}  // namespace d2nn::ops
