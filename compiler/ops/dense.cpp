// The fully connected layer, as torch.nn.Flatten followed by torch.nn.Linear: any shape in, [units] out.
#include "ops/rules.h"

namespace d2nn::ops {

ShapeResult dense_shape(const OpAttrs& attrs, Shapes inputs) {
  if (auto error = check_range("units", attrs.units, 1)) return *error;
  const Shape weight{attrs.units, inputs[0].elements()};
  if (!checked_elements(weight.dims)) {
    return reject(
        ShapeFault::size, nullptr,
        "the weight of `dense` is " + weight.to_string() + ", more than " + std::to_string(max_elements) + " elements");
  }
  return accept(Shape{attrs.units});
}

std::optional<std::int64_t> dense_cost(const OpAttrs& attrs, Shapes inputs, const Shape&) {
  return checked_product({inputs[0].elements(), attrs.units});
}

std::vector<WeightInfo> dense_weights(const OpAttrs& attrs, Shapes inputs, const Shape&) {
  std::vector<WeightInfo> weights{{WeightRole::weight, Shape{attrs.units, inputs[0].elements()}, true}};
  if (attrs.bias) weights.push_back({WeightRole::bias, Shape{attrs.units}, true});
  return weights;
}

}  // namespace d2nn::ops
