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

constexpr ParamInfo reshape_params[] = {
    {"dims", ParamType::dims, nullptr, "the new dimensions, with as many elements"},
};
constexpr ParamInfo pad_channels_params[] = {
    {"before", ParamType::integer, nullptr, "channels of zeros put before the input's", 0},
    {"after", ParamType::integer, nullptr, "channels of zeros put after the input's", 0},
};

constexpr Layer family[] = {
    {.name = "flatten",
     .kernel = Kernel::flatten,
     .shape = flatten_shape,
     .doc = "One dimension, elements in C, H, W order."},
    {.name = "reshape",
     .kernel = Kernel::reshape,
     .params = reshape_params,
     .shape = reshape_shape,
     .doc = "The same elements in the same order under other dimensions."},
    {.name = "pad_channels",
     .kernel = Kernel::pad_channels,
     .params = pad_channels_params,
     .shape = pad_channels_shape,
     .doc = "Adds channels of zeros."},
    {.name = "identity", .kernel = Kernel::identity, .doc = "Its input."},
};

}  // namespace

std::span<const Layer> rearrangements() {
  return family;
}

}  // namespace d2nn::ops
