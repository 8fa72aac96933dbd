// The shape of a tensor of one sample; the batch is not in the language (docs/language.md).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace d2nn::ops {

/// What the elements of a tensor are; the numbers are those of d2nn_element_type (codegen holds the two together).
enum class ElementType : std::uint32_t { f32 = 1 };
/// "f32".
std::string_view spelling(ElementType type);
/// Bytes of one element.
std::int64_t element_bytes(ElementType type);

/// Dimensions in C, H, W order for images, [units] for vectors; rank 1 to 8, every dimension at least 1. The language
/// makes f32 alone.
struct Shape {
  std::vector<std::int64_t> dims;
  ElementType element_type = ElementType::f32;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> list) : dims(list) {}
  explicit Shape(std::vector<std::int64_t> list) : dims(std::move(list)) {}

  std::size_t rank() const { return dims.size(); }
  bool is_image() const { return dims.size() == 3; }
  std::int64_t channels() const { return dims[0]; }
  std::int64_t height() const { return dims[1]; }
  std::int64_t width() const { return dims[2]; }
  /// Product of the dimensions. sema guarantees at most max_elements.
  std::int64_t elements() const;
  std::int64_t size_bytes() const { return elements() * element_bytes(element_type); }
  /// As written in the language: "f32[3, 112, 112]".
  std::string to_string() const;

  friend bool operator==(const Shape&, const Shape&) = default;
};

/// The largest tensor of one sample and the largest parameter, in elements: 2^31 (8 GiB); larger is error E0308.
inline constexpr std::int64_t max_elements = std::int64_t{1} << 31;

/// Product of dims; nullopt when it exceeds max_elements, a dimension is below 1 or there is none.
std::optional<std::int64_t> checked_elements(const std::vector<std::int64_t>& dims);

}  // namespace d2nn::ops
