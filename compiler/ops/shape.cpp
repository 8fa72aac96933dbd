#include "ops/shape.h"

namespace d2nn::ops {

std::int64_t Shape::elements() const {
  std::int64_t product = 1;
  for (std::int64_t dim : dims) product *= dim;
  return product;
}

std::string_view spelling(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return "f32";
  }
  return "";
}

std::int64_t element_bytes(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return 4;
  }
  return 0;
}

std::string Shape::to_string() const {
  std::string text = std::string(spelling(element_type)) + "[";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(dims[i]);
  }
  return text + "]";
}

std::optional<std::int64_t> checked_elements(const std::vector<std::int64_t>& dims) {
  if (dims.empty()) return std::nullopt;
  std::int64_t product = 1;
  for (std::int64_t dim : dims) {
    if (dim < 1 || dim > max_elements) return std::nullopt;
    product *= dim;  // both factors are at most 2^31
    if (product > max_elements) return std::nullopt;
  }
  return product;
}

}  // namespace d2nn::ops
