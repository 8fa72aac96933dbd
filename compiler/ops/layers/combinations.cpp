// What operators and concat mean in a body.
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

/// Axes pair one to one, and an axis of size 1 is repeated along the other's.
ShapeResult broadcast_shape(const Arguments&, Shapes inputs) {
  std::vector<std::int64_t> dims = inputs[0].dims;
  for (const Shape& other : inputs.subspan(1)) {
    const std::string operands = "the operands are " + Shape(dims).to_string() + " and " + other.to_string();
    if (other.rank() != dims.size()) {
      return reject(ShapeFault::input, nullptr, operands + ", but must have equally many axes",
                    "give the smaller one axes of size 1 with `reshape`, as in `reshape(16x1x1)`");
    }
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
      if (dims[axis] != other.dims[axis] && dims[axis] != 1 && other.dims[axis] != 1) {
        return reject(ShapeFault::input, nullptr,
                      operands + ", but axis " + std::to_string(axis) + " must be equal in both, or 1 in one of them");
      }
    }
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
      if (dims[axis] == 1) dims[axis] = other.dims[axis];
    }
    if (!checked_elements(dims)) {
      return reject(ShapeFault::size, nullptr,
                    operands + ", which makes " + Shape(dims).to_string() + ", more than " +
                        std::to_string(max_elements) + " elements");
    }
  }
  return accept(Shape(std::move(dims)));
}

/// The number of an operator has been held to f32 where it was read.
double number_of(const Arguments& arguments) {
  return arguments.number("number");
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

template <expr::Primitive primitive>
expr::Value combine(Composition& layer, const Arguments&) {
  expr::Value result = layer.operand(0);
  for (std::size_t i = 1; i < layer.inputs(); ++i) result = expr::apply(primitive, result, layer.operand(i));
  return result;
}

template <expr::Primitive primitive>
expr::Value with_number_behind(Composition& layer, const Arguments& arguments) {
  return expr::apply(primitive, layer.operand(), number_of(arguments));
}

template <expr::Primitive primitive>
expr::Value with_number_before(Composition& layer, const Arguments& arguments) {
  return expr::apply(primitive, number_of(arguments), layer.operand());
}

expr::Value negate(Composition& layer, const Arguments&) {
  return -layer.operand();
}

using expr::Primitive;

constexpr ParamInfo number_params[] = {
    {"number", ParamType::number, nullptr, "the operand that is no tensor"},
};

constexpr Layer family[] = {
    {.name = "add",
     .is_in_pipelines = false,
     .shape = broadcast_shape,
     .meaning = combine<Primitive::add>,
     .doc = "`a + b`: element by element; an axis of size 1 is repeated along the other's."},
    {.name = "subtract",
     .is_in_pipelines = false,
     .shape = broadcast_shape,
     .meaning = combine<Primitive::subtract>,
     .doc = "`a - b`: like `a + b`."},
    {.name = "multiply",
     .is_in_pipelines = false,
     .shape = broadcast_shape,
     .meaning = combine<Primitive::multiply>,
     .doc = "`a * b`: like `a + b`."},
    {.name = "divide",
     .is_in_pipelines = false,
     .shape = broadcast_shape,
     .meaning = combine<Primitive::divide>,
     .doc = "`a / b`: like `a + b`."},
    {.name = "negate", .is_in_pipelines = false, .meaning = negate, .doc = "`-a`: element by element."},
    {.name = "add_number",
     .is_in_pipelines = false,
     .params = number_params,
     .meaning = with_number_behind<Primitive::add>,
     .doc = "`a + 3`, `3 + a`, `a - 3`: adds the number to each element, or subtracts it."},
    {.name = "multiply_number",
     .is_in_pipelines = false,
     .params = number_params,
     .meaning = with_number_behind<Primitive::multiply>,
     .doc = "`a * 3`, `3 * a`: multiplies each element by the number."},
    {.name = "divide_by_number",
     .is_in_pipelines = false,
     .params = number_params,
     .meaning = with_number_behind<Primitive::divide>,
     .doc = "`a / 3`: divides each element by the number."},
    {.name = "number_minus",
     .is_in_pipelines = false,
     .params = number_params,
     .meaning = with_number_before<Primitive::subtract>,
     .doc = "`3 - a`: the number minus each element."},
    {.name = "number_over",
     .is_in_pipelines = false,
     .params = number_params,
     .meaning = with_number_before<Primitive::divide>,
     .doc = "`3 / a`: the number divided by each element."},
    {.name = "concat",
     .kernel = Kernel::concat,
     .is_in_pipelines = false,
     .shape = concat_shape,
     .doc = "`concat(a, b)`: concatenates tensors along the first dimension (channels)."},
};

}  // namespace

std::span<const Layer> combinations() {
  return family;
}

}  // namespace d2nn::ops
