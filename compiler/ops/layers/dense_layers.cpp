// Fully connected layers: `linear` as torch.nn.Linear, along the last axis; `dense` as torch.nn.Flatten followed by it.
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

ShapeResult dense_shape(const Arguments& arguments, Shapes inputs) {
  const std::int64_t units = arguments.integer("units");
  const Shape weight{units, inputs[0].elements()};
  if (!checked_elements(weight.dims)) {
    return reject(
        ShapeFault::size, nullptr,
        "the weight of `dense` is " + weight.to_string() + ", more than " + std::to_string(max_elements) + " elements");
  }
  return accept(Shape{units});
}

std::optional<std::int64_t> dense_cost(const Arguments& arguments, Shapes inputs, const Shape&) {
  return checked_product({inputs[0].elements(), arguments.integer("units")});
}

std::vector<Weight> dense_weights(const Arguments& arguments, Shapes inputs, const Shape&) {
  return product_weights(Shape{arguments.integer("units"), inputs[0].elements()}, arguments.boolean("bias"));
}

ShapeResult linear_shape(const Arguments& arguments, Shapes inputs) {
  std::vector<std::int64_t> dims = inputs[0].dims;
  const Shape weight{arguments.integer("units"), dims.back()};
  if (!checked_elements(weight.dims)) {
    return reject(ShapeFault::size, nullptr,
                  "the weight of `linear` is " + weight.to_string() + ", more than " + std::to_string(max_elements) +
                      " elements");
  }
  dims.back() = arguments.integer("units");
  return accept_if_representable(std::move(dims), "linear");
}

std::optional<std::int64_t> linear_cost(const Arguments&, Shapes inputs, const Shape& output) {
  return checked_product({output.elements(), inputs[0].dims.back()});
}

std::vector<Weight> linear_weights(const Arguments& arguments, Shapes inputs, const Shape&) {
  return product_weights(Shape{arguments.integer("units"), inputs[0].dims.back()}, arguments.boolean("bias"));
}

constexpr ParamInfo dense_params[] = {
    {"units", ParamType::integer, nullptr, "elements of the result", 1},
    {"bias", ParamType::boolean, "true", "whether a bias per unit is added"},
};

constexpr ParamInfo linear_params[] = {
    {"units", ParamType::integer, nullptr, "size of the result's last axis", 1},
    {"bias", ParamType::boolean, "true", "whether a bias per unit is added"},
};

constexpr Layer family[] = {
    {.name = "dense",
     .kernel = Kernel::dense,
     .params = dense_params,
     .shape = dense_shape,
     .cost = dense_cost,
     .weights = dense_weights,
     .doc = "Fully connected layer; the input is flattened in C, H, W order."},
    {.name = "linear",
     .kernel = Kernel::dense,
     .params = linear_params,
     .shape = linear_shape,
     .cost = linear_cost,
     .weights = linear_weights,
     .doc =
         "Fully connected layer along the last axis, at every position of the axes before it: [.., n] to [.., units]."},
};

}  // namespace

std::span<const Layer> dense_layers() {
  return family;
}

}  // namespace d2nn::ops
