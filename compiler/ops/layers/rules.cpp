// The arithmetic of shapes. Every product is checked: sizes come from the user's text.
#include "ops/layers/rules.h"

#include <algorithm>

namespace d2nn::ops {

std::optional<std::int64_t> no_cost(const Arguments&, Shapes, const Shape&) {
  return 0;
}

std::vector<Weight> no_weights(const Arguments&, Shapes, const Shape&) {
  return {};
}

ShapeResult same_shape(const Arguments&, Shapes inputs) {
  return accept(inputs[0]);
}

std::vector<Weight> product_weights(const Shape& weight, bool has_bias) {
  const std::int64_t channels = weight.dims[0];
  const std::int64_t fan_in = weight.elements() / channels;
  std::vector<Weight> weights{
      {.name = "weight", .shape = weight, .start = Start::fan_in, .decays = true, .fan_in = fan_in}};
  if (has_bias) {
    weights.push_back({.name = "bias", .shape = Shape{channels}, .start = Start::fan_in, .fan_in = fan_in});
  }
  return weights;
}

ShapeResult accept(Shape shape) {
  return {std::move(shape), {}};
}

ShapeResult reject(ShapeFault fault, const char* param, std::string message, std::string fix) {
  return {std::nullopt, {std::move(message), param, std::move(fix), fault}};
}

ShapeResult accept_if_representable(std::vector<std::int64_t> dims, const char* layer) {
  Shape shape(std::move(dims));
  if (checked_elements(shape.dims)) return accept(std::move(shape));
  return reject(ShapeFault::size, nullptr,
                "the result of `" + std::string(layer) + "` is " + shape.to_string() + ", more than " +
                    std::to_string(max_elements) + " elements");
}

std::optional<ShapeResult> check_range(const char* param, std::int64_t value, std::int64_t least) {
  if (value >= least && value <= max_elements) return std::nullopt;
  const std::string written = "`" + std::string(param) + ": " + std::to_string(value) + "`";
  if (value > max_elements) {
    return reject(ShapeFault::argument, param, written + " is more than " + std::to_string(max_elements));
  }
  return reject(ShapeFault::argument, param, written + " is less than " + std::to_string(least));
}

std::optional<ShapeResult> check_range(const char* param, Extent value, std::int64_t least) {
  const bool height_is_wrong = value.h < least || value.h > max_elements;
  auto error = check_range(param, height_is_wrong ? value.h : value.w, least);
  if (error && value.h != value.w) {
    const bool too_large = (height_is_wrong ? value.h : value.w) > max_elements;
    error->error.message =
        "`" + std::string(param) + ": " + extent_text(value) + "` has a " + (height_is_wrong ? "height" : "width") +
        (too_large ? " more than " + std::to_string(max_elements) : " less than " + std::to_string(least));
  }
  return error;
}

std::optional<ShapeResult> check_dims(const char* layer, const Integers& dims) {
  constexpr std::size_t greatest_rank = 8;
  if (dims.empty() || dims.size() > greatest_rank) {
    return reject(
        ShapeFault::argument, "dims",
        "`" + std::string(layer) + "` has " + std::to_string(dims.size()) + " dimensions, but 1 to 8 are possible");
  }
  for (std::int64_t dim : dims) {
    if (auto error = check_range("dims", dim, 1)) return error;
  }
  return std::nullopt;
}

std::optional<ShapeResult> check_image(const char* layer, const Shape& input) {
  if (input.is_image()) return std::nullopt;
  return reject(ShapeFault::input, nullptr,
                "`" + std::string(layer) + "` receives " + input.to_string() + ", but needs an image [C, H, W]",
                "reshape to three dimensions first, as in `reshape(1x28x28)`");
}

std::optional<ShapeResult> check_axis(const char* param, std::int64_t axis, const Shape& input) {
  const auto rank = static_cast<std::int64_t>(input.rank());
  if (axis < 0) {
    return reject(ShapeFault::argument, param,
                  "axis " + std::to_string(axis) + " is less than 0; axes count from 0, the first of a sample",
                  axis >= -rank ? "use axis " + std::to_string(axis + rank) : "");
  }
  if (axis < rank) return std::nullopt;
  return reject(ShapeFault::input, param,
                "axis " + std::to_string(axis) + " does not exist in " + input.to_string() +
                    (rank == 1 ? ", whose only axis is 0" : ", whose axes are 0 to " + std::to_string(rank - 1)));
}

std::optional<ShapeResult> check_axes(const char* param, const Integers& axes, const Shape& input) {
  if (axes.empty()) return reject(ShapeFault::argument, param, "`" + std::string(param) + "` names no axis");
  for (auto axis = axes.begin(); axis != axes.end(); ++axis) {
    if (auto error = check_axis(param, *axis, input)) return error;
    if (std::find(axes.begin(), axis, *axis) == axis) continue;
    return reject(ShapeFault::argument, param,
                  "`" + std::string(param) + "` names axis " + std::to_string(*axis) + " twice");
  }
  return std::nullopt;
}

std::optional<std::int64_t> checked_product(std::initializer_list<std::int64_t> factors) {
  std::int64_t product = 1;
  for (std::int64_t factor : factors) {
    if (__builtin_mul_overflow(product, factor, &product)) return std::nullopt;
  }
  return product;
}

std::int64_t Window::output() const {
  const std::int64_t covered = dilation * (kernel - 1) + 1;  // at most 2^62: factors are at most 2^31
  const std::int64_t room = input + 2 * pad - covered;
  return room < 0 ? 0 : room / stride + 1;
}

WindowResult slide(const Arguments& arguments, const Shape& image, Extent dilation) {
  const Extent kernel = arguments.extent("kernel");
  const Extent stride = arguments.extent("stride");
  const Extent pad = arguments.extent("pad");
  const Window vertical{image.height(), kernel.h, stride.h, pad.h, dilation.h};
  const Window horizontal{image.width(), kernel.w, stride.w, pad.w, dilation.w};
  const Extent size{vertical.output(), horizontal.output()};
  if (size.h >= 1 && size.w >= 1) return {size, std::nullopt};
  const bool is_height = size.h < 1;
  const Window& window = is_height ? vertical : horizontal;
  const std::string axis = is_height ? "height" : "width";
  const std::int64_t covered = window.dilation * (window.kernel - 1) + 1;
  return {size, reject(ShapeFault::input, "kernel",
                       "the kernel covers " + std::to_string(covered) + " in " + axis + ", but the padded input has " +
                           std::to_string(window.input + 2 * window.pad) + " (" + image.to_string() + ", pad " +
                           std::to_string(window.pad) + ")",
                       "use a smaller kernel or a larger `pad`")};
}

}  // namespace d2nn::ops
