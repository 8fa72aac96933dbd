// One value per OpKind for rooms that keep what needs heavy headers (LLVM emitters, reference loops) out of the op
// table. A row missing, doubled or out of place does not compile:
//
//   constexpr auto emitters = per_op<EmitFn>({{OpKind::conv, emit_conv}, {OpKind::dense, emit_dense}, ...});
//   emitters[static_cast<std::size_t>(kind)](...)
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "ops/op_table.h"

namespace d2nn::ops {

/// Fails to compile when it is reached in a constant expression: the rows do not name every OpKind exactly once.
inline void per_op_row_missing_or_doubled() {}

/// The values by OpKind. The row count is deduced, so that a missing row is seen too.
template <class T, std::size_t rows>
consteval std::array<T, op_count> per_op(const std::pair<OpKind, T> (&list)[rows]) {
  static_assert(rows == op_count, "one row per OpKind");
  std::array<T, op_count> values{};
  std::array<bool, op_count> seen{};
  for (const auto& [kind, value] : list) {
    const auto index = static_cast<std::size_t>(kind);
    if (seen[index]) per_op_row_missing_or_doubled();
    seen[index] = true;
    values[index] = value;
  }
  return values;
}

}  // namespace d2nn::ops
