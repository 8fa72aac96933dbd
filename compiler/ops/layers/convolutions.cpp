// Two-dimensional convolution and its transpose, as torch.nn.Conv2d and torch.nn.ConvTranspose2d.
#include <algorithm>

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

/// An error unless the input is an image whose channels the groups divide, and the filters too.
std::optional<ShapeResult> check_groups(const char* layer, const Arguments& arguments, const Shape& input) {
  const std::int64_t filters = arguments.integer("filters");
  const std::int64_t groups = arguments.integer("groups");
  if (auto error = check_image(layer, input)) return error;
  if (filters % groups != 0) {
    return reject(
        ShapeFault::argument, "groups",
        "`groups: " + std::to_string(groups) + "` does not divide the " + std::to_string(filters) + " filters");
  }
  if (input.channels() % groups != 0) {
    return reject(ShapeFault::input, "groups",
                  "`groups: " + std::to_string(groups) + "` does not divide the " + std::to_string(input.channels()) +
                      " channels of " + input.to_string(),
                  "use " + common_divisors_text(input.channels(), filters));
  }
  return std::nullopt;
}

ShapeResult conv_shape(const Arguments& arguments, Shapes inputs) {
  const Shape& input = inputs[0];
  const std::int64_t filters = arguments.integer("filters");
  if (auto error = check_groups("conv", arguments, input)) return *error;
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
  return checked_product({output.elements(), inputs[0].channels() / arguments.integer("groups"), kernel.h, kernel.w});
}

std::vector<Weight> conv_weights(const Arguments& arguments, Shapes inputs, const Shape&) {
  return product_weights(weight_shape(arguments, inputs[0]), arguments.boolean("bias"));
}

Shape transposed_weight_shape(const Arguments& arguments, const Shape& input) {
  const Extent kernel = arguments.extent("kernel");
  return Shape{input.channels(), arguments.integer("filters") / arguments.integer("groups"), kernel.h, kernel.w};
}

/// One axis of the result. All values are at most 2^31: nothing overflows.
std::int64_t transposed_size(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                             std::int64_t output_pad, std::int64_t dilation) {
  return (input - 1) * stride - 2 * pad + dilation * (kernel - 1) + output_pad + 1;
}

ShapeResult conv_transpose_shape(const Arguments& arguments, Shapes inputs) {
  const Shape& input = inputs[0];
  const std::int64_t filters = arguments.integer("filters");
  if (auto error = check_groups("conv_transpose", arguments, input)) return *error;
  const Extent kernel = arguments.extent("kernel");
  const Extent stride = arguments.extent("stride");
  const Extent pad = arguments.extent("pad");
  const Extent output_pad = arguments.extent("output_pad");
  const Extent dilation = arguments.extent("dilation");
  if (output_pad.h >= std::max(stride.h, dilation.h) || output_pad.w >= std::max(stride.w, dilation.w)) {
    return reject(ShapeFault::argument, "output_pad",
                  "`output_pad: " + extent_text(output_pad) + "` is neither less than the stride, " +
                      extent_text(stride) + ", nor than the dilation, " + extent_text(dilation));
  }
  const std::int64_t height = transposed_size(input.height(), kernel.h, stride.h, pad.h, output_pad.h, dilation.h);
  const std::int64_t width = transposed_size(input.width(), kernel.w, stride.w, pad.w, output_pad.w, dilation.w);
  if (height < 1 || width < 1) {
    return reject(ShapeFault::input, "pad",
                  "`pad: " + extent_text(pad) + "` leaves nothing of the result in " +
                      (height < 1 ? "height" : "width") + " (" + input.to_string() + ")",
                  "use a smaller `pad`");
  }
  if (!checked_elements(transposed_weight_shape(arguments, input).dims)) {
    return reject(ShapeFault::size, nullptr,
                  "the weight of `conv_transpose` is " + transposed_weight_shape(arguments, input).to_string() +
                      ", more than " + std::to_string(max_elements) + " elements");
  }
  return accept_if_representable({filters, height, width}, "conv_transpose");
}

/// What every input element is multiplied by, whether the product lies in the result or is cropped by `pad`.
std::optional<std::int64_t> conv_transpose_cost(const Arguments& arguments, Shapes inputs, const Shape&) {
  const Extent kernel = arguments.extent("kernel");
  return checked_product(
      {inputs[0].elements(), arguments.integer("filters") / arguments.integer("groups"), kernel.h, kernel.w});
}

std::vector<Weight> conv_transpose_weights(const Arguments& arguments, Shapes inputs, const Shape&) {
  std::vector<Weight> weights = product_weights(transposed_weight_shape(arguments, inputs[0]), false);
  if (arguments.boolean("bias")) {
    weights.push_back({.name = "bias",
                       .shape = Shape{arguments.integer("filters")},
                       .start = Start::fan_in,
                       .fan_in = weights[0].fan_in});
  }
  return weights;
}

constexpr ParamInfo conv_params[] = {
    {"kernel", ParamType::extent, nullptr, "height and width of the window", 1},
    {"filters", ParamType::integer, nullptr, "output channels", 1},
    {"stride", ParamType::extent, "1", "step of the window", 1},
    {"pad", ParamType::extent, "0", "zeros added on each side", 0},
    {"dilation", ParamType::extent, "1", "distance between the window's elements", 1},
    {"groups", ParamType::integer, "1", "groups of channels convolved separately; divides the channels and the filters",
     1},
    {"bias", ParamType::boolean, "true", "whether a bias per filter is added"},
};

constexpr ParamInfo conv_transpose_params[] = {
    {"kernel", ParamType::extent, nullptr, "height and width of the window", 1},
    {"filters", ParamType::integer, nullptr, "output channels", 1},
    {"stride", ParamType::extent, "1", "step of the window in the result", 1},
    {"pad", ParamType::extent, "0", "rows and columns cropped on each side of the result", 0},
    {"output_pad", ParamType::extent, "0", "rows and columns added below and to the right of the result", 0},
    {"dilation", ParamType::extent, "1", "distance between the window's elements", 1},
    {"groups", ParamType::integer, "1", "groups of channels convolved separately; divides the channels and the filters",
     1},
    {"bias", ParamType::boolean, "true", "whether a bias per filter is added"},
};

constexpr Layer family[] = {
    {.name = "conv",
     .kernel = Kernel::conv,
     .params = conv_params,
     .shape = conv_shape,
     .cost = conv_cost,
     .weights = conv_weights,
     .doc =
         "Two-dimensional convolution of an image [C, H, W]; every size is floor((in + 2 pad - dilation (kernel - 1) "
         "- 1) / stride) + 1."},
    {.name = "conv_transpose",
     .kernel = Kernel::conv_transpose,
     .params = conv_transpose_params,
     .shape = conv_transpose_shape,
     .cost = conv_transpose_cost,
     .weights = conv_transpose_weights,
     .doc = "Transposed convolution of an image [C, H, W], the gradient of `conv` with respect to its input; every "
            "size is (in - 1) stride - 2 pad + dilation (kernel - 1) + output_pad + 1."},
};

}  // namespace

std::span<const Layer> convolutions() {
  return family;
}

}  // namespace d2nn::ops
