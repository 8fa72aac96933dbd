// Layers that rearrange their input without weights.
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

ShapeResult flatten_shape(const Arguments&, Shapes inputs) {
  return accept(Shape{inputs[0].elements()});
}

ShapeResult reshape_shape(const Arguments& arguments, Shapes inputs) {
  const Integers& dims = arguments.dims("dims");
  constexpr std::size_t greatest_rank = 8;
  if (dims.empty() || dims.size() > greatest_rank) {
    return reject(ShapeFault::argument, "dims",
                  "`reshape` has " + std::to_string(dims.size()) + " dimensions, but 1 to 8 are possible");
  }
  for (std::int64_t dim : dims) {
    if (auto error = check_range("dims", dim, 1)) return *error;
  }
  const std::optional<std::int64_t> elements = checked_elements(dims);
  if (elements == inputs[0].elements()) return accept(Shape(dims));
  return reject(ShapeFault::input, "dims",
                "`reshape` to " + Shape(dims).to_string() + " needs " +
                    (elements ? std::to_string(*elements) : "more than " + std::to_string(max_elements)) +
                    " elements, but " + inputs[0].to_string() + " has " + std::to_string(inputs[0].elements()));
}

ShapeResult pad_channels_shape(const Arguments& arguments, Shapes inputs) {
  std::vector<std::int64_t> dims = inputs[0].dims;
  dims[0] += arguments.integer("before") + arguments.integer("after");
  return accept_if_representable(std::move(dims), "pad_channels");
}

ShapeResult slice_shape(const Arguments& arguments, Shapes inputs) {
  std::vector<std::int64_t> dims = inputs[0].dims;
  const std::int64_t axis = arguments.integer("axis");
  const std::int64_t from = arguments.integer("from");
  const std::int64_t to = arguments.integer("to");
  if (from >= to) {
    return reject(ShapeFault::argument, "to",
                  "`slice` from " + std::to_string(from) + " to " + std::to_string(to) + " holds nothing");
  }
  if (axis >= static_cast<std::int64_t>(dims.size())) {
    return reject(ShapeFault::input, "axis",
                  "`slice` along axis " + std::to_string(axis) + ", but " + inputs[0].to_string() + " has " +
                      (dims.size() == 1 ? "the axis 0 only" : "the axes 0 to " + std::to_string(dims.size() - 1)));
  }
  std::int64_t& size = dims[static_cast<std::size_t>(axis)];
  if (to > size) {
    return reject(ShapeFault::input, "to",
                  "`slice` to " + std::to_string(to) + ", but axis " + std::to_string(axis) + " of " +
                      inputs[0].to_string() + " has " + std::to_string(size));
  }
  size = to - from;
  return accept(Shape(std::move(dims)));
}

expr::Value slice(Composition& layer, const Arguments& arguments) {
  const expr::Value x = layer.operand();
  return {x.builder(), x.builder().slice(x, arguments.integer("axis"), arguments.integer("from"), arguments.integer("to"))};
}

expr::Value pad_channels(Composition& layer, const Arguments& arguments) {
  const expr::Value x = layer.operand();
  return {x.builder(), x.builder().pad(x, 0, arguments.integer("before"), arguments.integer("after"))};
}

constexpr ParamInfo reshape_params[] = {
    {"dims", ParamType::dims, nullptr, "the new dimensions, with as many elements"},
};
constexpr ParamInfo pad_channels_params[] = {
    {"before", ParamType::integer, nullptr, "channels of zeros put before the input's", 0},
    {"after", ParamType::integer, nullptr, "channels of zeros put after the input's", 0},
};
constexpr ParamInfo slice_params[] = {
    {"axis", ParamType::integer, nullptr, "the axis that is cut, counted from 0 without the batch", 0},
    {"from", ParamType::integer, nullptr, "the first place that is kept", 0},
    {"to", ParamType::integer, nullptr, "the place behind the last", 1},
};

constexpr Layer family[] = {
    {.name = "flatten",
     .kernel = Kernel::copy,
     .shape = flatten_shape,
     .doc = "One dimension, elements in C, H, W order."},
    {.name = "reshape",
     .kernel = Kernel::copy,
     .params = reshape_params,
     .shape = reshape_shape,
     .doc = "The same elements in the same order under other dimensions."},
    {.name = "pad_channels",
     .params = pad_channels_params,
     .shape = pad_channels_shape,
     .meaning = pad_channels,
     .doc = "Adds channels of zeros."},
    {.name = "slice",
     .params = slice_params,
     .shape = slice_shape,
     .meaning = slice,
     .doc = "The places `from` to `to` along an axis, without `to` itself."},
    {.name = "identity", .kernel = Kernel::copy, .doc = "Its input."},
};

}  // namespace

std::span<const Layer> rearrangements() {
  return family;
}

}  // namespace d2nn::ops
