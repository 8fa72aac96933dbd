// The library's f32 matrix product, without its headers.
#pragma once

#include <cstdint>

namespace d2nn::kernels {

/// c [m, n] = a [m, k] x b [k, n] + beta * c, row-major; transpose_a 'T': a is stored [k, m], and so for b.
struct MatrixProduct {
  char transpose_a, transpose_b;
  std::int64_t m, n, k;
  const float* a;
  std::int64_t a_stride;
  const float* b;
  std::int64_t b_stride;
  float beta;
  float* c;
  std::int64_t c_stride;
};

/// Runs on the calling thread alone. False when the library failed (memory).
bool multiply(const MatrixProduct& p) noexcept;

}  // namespace d2nn::kernels
