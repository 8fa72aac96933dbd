// How sizes are rounded, on both sides of a compiled module: blocks of packed weights are padded, and tensors begin at
// boundaries of cache lines. C++ only; module.h says where which rule holds.
#pragma once

#include <cstdint>
#include <type_traits>

namespace d2nn {

/// A cache line and the widest vector: what every tensor of an arena, packed weight and scratch buffer is aligned to.
inline constexpr std::int64_t alignment_bytes = 64;
/// The same in f32.
inline constexpr std::int64_t alignment_floats = alignment_bytes / 4;

/// The least whole number that is at least a / b; a >= 0, b > 0.
template <class Integer>
constexpr Integer ceil_div(Integer a, std::type_identity_t<Integer> b) {
  return (a + b - 1) / b;
}
/// The least multiple of b that is at least a; a >= 0, b > 0.
template <class Integer>
constexpr Integer round_up(Integer a, std::type_identity_t<Integer> b) {
  return ceil_div(a, b) * b;
}

}  // namespace d2nn
