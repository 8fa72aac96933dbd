// Two-dimensional convolution, as torch.nn.Conv2d.
#include "ops/rules.h"

namespace d2nn::ops {
namespace {

/// The groups to suggest: the divisors that both channel counts share, the first few of them.
std::string common_divisors_text(std::int64_t channels, std::int64_t filters) {
  constexpr std::int64_t greatest = 1024;
  constexpr std::size_t most = 4;
  std::vector<std::int64_t> divisors;
  for (std::int64_t i = 1; i <= channels && i <= greatest && divisors.size() < most; ++i) {
    if (channels % i == 0 && filters % i == 0) divisors.push_back(i);
  }
  std::string text = "`groups: 1`";
  for (std::size_t i = 1; i < divisors.size(); ++i) {
    text += (i + 1 == divisors.size() ? " or `" : ", `") + std::to_string(divisors[i]) + "`";
  }
  return text;
}

std::optional<ShapeResult> check_arguments(const OpAttrs& attrs) {
  if (auto error = check_range("kernel", attrs.kernel, 1)) return error;
  if (auto error = check_range("filters", attrs.filters, 1)) return error;
  if (auto error = check_range("stride", attrs.stride, 1)) return error;
  if (auto error = check_range("pad", attrs.pad, 0)) return error;
  if (auto error = check_range("dilation", attrs.dilation, 1)) return error;
  return check_range("groups", attrs.groups, 1);
}

Shape weight_shape(const OpAttrs& attrs, const Shape& input) {
  return Shape{attrs.filters, input.channels() / attrs.groups, attrs.kernel.h, attrs.kernel.w};
}

}  // namespace

ShapeResult conv_shape(const OpAttrs& attrs, Shapes inputs) {
  const Shape& input = inputs[0];
  if (auto error = check_arguments(attrs)) return *error;
  if (auto error = check_image("conv", input)) return *error;
  if (attrs.filters % attrs.groups != 0) {
    return reject(ShapeFault::argument, "groups",
                  "`groups: " + std::to_string(attrs.groups) + "` does not divide the " +
                      std::to_string(attrs.filters) + " filters");
  }
  if (input.channels() % attrs.groups != 0) {
    return reject(ShapeFault::input, "groups",
                  "`groups: " + std::to_string(attrs.groups) + "` does not divide the " +
                      std::to_string(input.channels()) + " channels of " + input.to_string(),
                  "use " + common_divisors_text(input.channels(), attrs.filters));
  }
  const WindowResult window = slide(attrs, input, attrs.dilation);
  if (window.error) return *window.error;
  if (!checked_elements(weight_shape(attrs, input).dims)) {
    return reject(ShapeFault::size, nullptr,
                  "the weight of `conv` is " + weight_shape(attrs, input).to_string() + ", more than " +
                      std::to_string(max_elements) + " elements");
  }
  return accept_if_representable({attrs.filters, window.size.h, window.size.w}, "conv");
}

std::optional<std::int64_t> conv_cost(const OpAttrs& attrs, Shapes inputs, const Shape& output) {
  return checked_product({output.elements(), inputs[0].channels() / attrs.groups, attrs.kernel.h, attrs.kernel.w});
}

std::vector<WeightInfo> conv_weights(const OpAttrs& attrs, Shapes inputs, const Shape&) {
  std::vector<WeightInfo> weights{{WeightRole::weight, weight_shape(attrs, inputs[0]), true}};
  if (attrs.bias) weights.push_back({WeightRole::bias, Shape{attrs.filters}, true});
  return weights;
}

}  // namespace d2nn::ops
