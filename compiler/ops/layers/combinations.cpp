// What takes several tensors in a body: `+`, `*`, which take equal shapes, and concat.
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

ShapeResult equal_shapes(const Arguments&, Shapes inputs) {
  for (const Shape& other : inputs.subspan(1)) {
    if (other != inputs[0]) {
      return reject(
          ShapeFault::input, nullptr,
          "the operands are " + inputs[0].to_string() + " and " + other.to_string() + ", but must have equal shapes");
    }
  }
  return accept(inputs[0]);
}

ShapeResult concat_shape(const Arguments&, Shapes inputs) {
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

constexpr Layer family[] = {
    {.name = "add",
     .kernel = Kernel::add,
     .is_in_pipelines = false,
     .shape = equal_shapes,
     .doc = "`a + b`: element by element."},
    {.name = "multiply",
     .kernel = Kernel::multiply,
     .is_in_pipelines = false,
     .shape = equal_shapes,
     .doc = "`a * b`: element by element."},
    {.name = "concat",
     .kernel = Kernel::concat,
     .is_in_pipelines = false,
     .shape = concat_shape,
     .doc = "`concat(a, b)`: one behind the other along the first dimension (channels)."},
};

}  // namespace

std::span<const Layer> combinations() {
  return family;
}

}  // namespace d2nn::ops
