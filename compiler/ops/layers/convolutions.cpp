// Two-dimensional convolution, as torch.nn.Conv2d.
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

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

Shape weight_shape(const Arguments& arguments, const Shape& input) {
  const Extent kernel = arguments.extent("kernel");
  return Shape{arguments.integer("filters"), input.channels() / arguments.integer("groups"), kernel.h, kernel.w};
}

ShapeResult conv_shape(const Arguments& arguments, Shapes inputs) {
  const Shape& input = inputs[0];
  const std::int64_t filters = arguments.integer("filters");
  const std::int64_t groups = arguments.integer("groups");
  if (auto error = check_image("conv", input)) return *error;
  if (filters % groups != 0) {
    return reject(ShapeFault::argument, "groups",
                  "`groups: " + std::to_string(groups) + "` does not divide the " +
                      std::to_string(filters) + " filters");
  }
  if (input.channels() % groups != 0) {
    return reject(ShapeFault::input, "groups",
                  "`groups: " + std::to_string(groups) + "` does not divide the " +
                      std::to_string(input.channels()) + " channels of " + input.to_string(),
                  "use " + common_divisors_text(input.channels(), filters));
  }
  const WindowResult window = slide(arguments, input, arguments.extent("dilation"));
  if (window.error) return *window.error;
  if (!checked_elements(weight_shape(arguments, input).dims)) {
    return reject(ShapeFault::size, nullptr,
                  "the weight of `conv` is " + weight_shape(arguments, input).to_string() + ", more than " +
                      std::to_string(max_elements) + " elements");
  }
  return accept_if_representable({filters, window.size.h, window.size.w}, "conv");
}

std::optional<std::int64_t> conv_cost(const Arguments& arguments, Shapes inputs, const Shape& output) {
  const Extent kernel = arguments.extent("kernel");
  return checked_product(
      {output.elements(), inputs[0].channels() / arguments.integer("groups"), kernel.h, kernel.w});
}

std::vector<Weight> conv_weights(const Arguments& arguments, Shapes inputs, const Shape&) {
  return product_weights(weight_shape(arguments, inputs[0]), arguments.boolean("bias"));
}

constexpr ParamInfo conv_params[] = {
    {"kernel", ParamType::extent, nullptr, "height and width of the window", 1},
    {"filters", ParamType::integer, nullptr, "output channels", 1},
    {"stride", ParamType::extent, "1", "step of the window", 1},
    {"pad", ParamType::extent, "0", "zeros added on each side", 0},
    {"dilation", ParamType::extent, "1", "distance between the window's elements", 1},
    {"groups", ParamType::integer, "1", "groups of channels convolved apart; divides the channels and the filters", 1},
    {"bias", ParamType::boolean, "true", "whether a bias per filter is added"},
};

constexpr Layer family[] = {
    {.name = "conv",
     .kernel = Kernel::conv,
     .params = conv_params,
     .shape = conv_shape,
     .cost = conv_cost,
     .weights = conv_weights,
     .doc = "Two-dimensional convolution of an image [C, H, W]; every size is floor((in + 2 pad - dilation (kernel - 1) "
            "- 1) / stride) + 1."},
};

}  // namespace

std::span<const Layer> convolutions() {
  return family;
}

}  // namespace d2nn::ops
