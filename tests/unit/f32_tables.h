// Rows of a module's tables as tests write them: f32, places counted in floats.
#pragma once

#include <cstdint>

#include "d2nn/module.h"

namespace d2nn::tests {

constexpr d2nn_tensor_info f32_tensor(const char* name, const char* doc, std::size_t rank, const std::int64_t* dims,
                                      std::int64_t elements) {
  return {name, doc, rank, dims, elements, 4 * elements, D2NN_ELEMENT_F32};
}

/// gradient_offset: -1 for none.
constexpr d2nn_buffer f32_buffer(std::int64_t offset, std::int64_t stride, std::int64_t gradient_offset,
                                 std::uint32_t gradient_accumulates) {
  return {4 * offset,       4 * stride,          stride, gradient_offset < 0 ? -1 : 4 * gradient_offset,
          D2NN_ELEMENT_F32, gradient_accumulates};
}

/// A row of a buffer in an arena of floats.
inline float* row_of(float* arena, const d2nn_buffer& buffer, std::int64_t capacity, std::int64_t row) {
  return static_cast<float*>(d2nn_buffer_row(arena, &buffer, capacity, row));
}

}  // namespace d2nn::tests
