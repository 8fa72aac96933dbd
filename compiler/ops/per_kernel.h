// One value per Kernel for rooms that keep what needs heavy headers (LLVM emitters, training kernels) out of the
// definitions. A row missing, doubled or out of place does not compile:
//
//   constexpr auto emitters = per_kernel<EmitFn>({{Kernel::conv, emit_conv}, {Kernel::dense, emit_dense}, ...});
//   emitters[static_cast<std::size_t>(kernel)](...)
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "ops/layer.h"

namespace d2nn::ops {

/// Fails to compile when it is reached in a constant expression: the rows do not name every kernel exactly once.
inline void per_kernel_row_missing_or_doubled() {}

/// The values by Kernel. The row count is deduced, so that a missing row is seen too.
template <class T, std::size_t rows>
consteval std::array<T, kernel_count> per_kernel(const std::pair<Kernel, T> (&list)[rows]) {
  static_assert(rows == kernel_count, "one row per Kernel");
  std::array<T, kernel_count> values{};
  std::array<bool, kernel_count> seen{};
  for (const auto& [kernel, value] : list) {
    const auto index = static_cast<std::size_t>(kernel);
    if (seen[index]) per_kernel_row_missing_or_doubled();
    seen[index] = true;
    values[index] = value;
  }
  return values;
}

}  // namespace d2nn::ops
