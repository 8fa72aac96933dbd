// The rules that the rows of the op table point at; only op_table.cpp and the files that define them include this.
// Signatures and duties are those of OpInfo. Every rule accepts any attributes: zero, negative, up to int64's limits.
#pragma once

#include <initializer_list>

#include "ops/op_table.h"

namespace d2nn::ops {

using Shapes = std::span<const Shape>;

// conv.cpp
ShapeResult conv_shape(const OpAttrs& attrs, Shapes inputs);
std::optional<std::int64_t> conv_cost(const OpAttrs& attrs, Shapes inputs, const Shape& output);
std::vector<WeightInfo> conv_weights(const OpAttrs& attrs, Shapes inputs, const Shape& output);

// dense.cpp
ShapeResult dense_shape(const OpAttrs& attrs, Shapes inputs);
std::optional<std::int64_t> dense_cost(const OpAttrs& attrs, Shapes inputs, const Shape& output);
std::vector<WeightInfo> dense_weights(const OpAttrs& attrs, Shapes inputs, const Shape& output);

// pool.cpp
ShapeResult max_pool_shape(const OpAttrs& attrs, Shapes inputs);
ShapeResult avg_pool_shape(const OpAttrs& attrs, Shapes inputs);
ShapeResult global_avg_pool_shape(const OpAttrs& attrs, Shapes inputs);

// norm.cpp
ShapeResult batch_norm_shape(const OpAttrs& attrs, Shapes inputs);
std::vector<WeightInfo> batch_norm_weights(const OpAttrs& attrs, Shapes inputs, const Shape& output);
ShapeResult normalize_shape(const OpAttrs& attrs, Shapes inputs);

// activation.cpp
ShapeResult same_shape(const OpAttrs& attrs, Shapes inputs);
ShapeResult leaky_relu_shape(const OpAttrs& attrs, Shapes inputs);
ShapeResult dropout_shape(const OpAttrs& attrs, Shapes inputs);

// reshape.cpp
ShapeResult flatten_shape(const OpAttrs& attrs, Shapes inputs);
ShapeResult reshape_shape(const OpAttrs& attrs, Shapes inputs);
ShapeResult pad_channels_shape(const OpAttrs& attrs, Shapes inputs);
ShapeResult equal_shapes(const OpAttrs& attrs, Shapes inputs);
ShapeResult concat_shape(const OpAttrs& attrs, Shapes inputs);

// shape.cpp: what the rules share.

/// No multiplications: the cost rule of every layer but conv and dense.
std::optional<std::int64_t> no_cost(const OpAttrs& attrs, Shapes inputs, const Shape& output);
/// No weights.
std::vector<WeightInfo> no_weights(const OpAttrs& attrs, Shapes inputs, const Shape& output);

ShapeResult accept(Shape shape);
ShapeResult reject(ShapeFault fault, const char* param, std::string message, std::string fix = {});
/// The shape when its element count is within max_elements, else the error for E0308 that says what `layer` would make.
ShapeResult accept_if_representable(std::vector<std::int64_t> dims, const char* layer);
/// An error unless the parameter lies in [least, max_elements].
std::optional<ShapeResult> check_range(const char* param, std::int64_t value, std::int64_t least);
std::optional<ShapeResult> check_range(const char* param, Extent value, std::int64_t least);
/// An error unless the input is an image [C, H, W].
std::optional<ShapeResult> check_image(const char* layer, const Shape& input);
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
WindowResult slide(const OpAttrs& attrs, const Shape& image, Extent dilation);

/// "3x3", or "3" when both are equal.
std::string extent_text(Extent extent);

}  // namespace d2nn::ops
