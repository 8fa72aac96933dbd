// What the shape rules of the definitions share; only the families and layer.cpp include this. Every rule accepts any
// values: zero, negative, up to int64's limits.
#pragma once

#include <initializer_list>

#include "ops/layer.h"

namespace d2nn::ops {

/// The weights of a layer that multiplies and sums: `weight`, whose first dimension is the result's channels or units
/// and whose others it sums over, and the bias.
std::vector<Weight> product_weights(const Shape& weight, bool has_bias);

ShapeResult accept(Shape shape);
ShapeResult reject(ShapeFault fault, const char* param, std::string message, std::string fix = {});
/// The shape when its element count is within max_elements, else the error for E0308 that says what `layer` would make.
ShapeResult accept_if_representable(std::vector<std::int64_t> dims, const char* layer);
/// An error unless the parameter lies in [least, max_elements].
std::optional<ShapeResult> check_range(const char* param, std::int64_t value, std::int64_t least);
std::optional<ShapeResult> check_range(const char* param, Extent value, std::int64_t least);
/// An error unless the argument `dims` has 1 to 8 dimensions, each at least 1.
std::optional<ShapeResult> check_dims(const char* layer, const Integers& dims);
/// An error unless the input is an image [C, H, W].
std::optional<ShapeResult> check_image(const char* layer, const Shape& input);
/// An error unless the input has the axis; the axis of a sample's first dimension is 0.
std::optional<ShapeResult> check_axis(const char* param, std::int64_t axis, const Shape& input);
/// An error unless there is an axis, the input has all of them and none comes twice.
std::optional<ShapeResult> check_axes(const char* param, const Integers& axes, const Shape& input);
/// Product of non-negative factors, nullopt when it exceeds int64.
std::optional<std::int64_t> checked_product(std::initializer_list<std::int64_t> factors);

/// How a kernel slides over one axis; all values already within check_range.
struct Window {
  std::int64_t input, kernel, stride, pad, dilation;
  /// PyTorch's size in floor mode; below 1 when the kernel is larger than the padded input.
  std::int64_t output() const;
};
/// Output height and width, or an error that names the axis where the kernel does not fit.
struct WindowResult {
  Extent size;
  std::optional<ShapeResult> error;
};
/// Reads `kernel`, `stride` and `pad`.
WindowResult slide(const Arguments& arguments, const Shape& image, Extent dilation);

}  // namespace d2nn::ops
