// One value per Primitive, for code that treats each differently: folds it, differentiates it, emits it. The rows are
// in the order of the enumeration; one that is missing or out of place does not compile:
//
//   constexpr auto rules = per_primitive<Rule>({{Primitive::operand, keep}, {Primitive::weight, keep}, ...});
//   rules[static_cast<std::size_t>(primitive)](...)
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "expr/expression.h"

namespace d2nn::expr {

/// Fails to compile when it is reached in a constant expression: row i names Primitive number i.
inline void per_primitive_row_out_of_place() {}

/// The values by Primitive. The row count is deduced, so that a missing row is seen too.
template <class T, std::size_t rows>
consteval std::array<T, primitive_count> per_primitive(const std::pair<Primitive, T> (&list)[rows]) {
  static_assert(rows == primitive_count, "one row per Primitive");
  std::array<T, primitive_count> values{};
  for (std::size_t i = 0; i < rows; ++i) {
    if (static_cast<std::size_t>(list[i].first) != i) per_primitive_row_out_of_place();
    values[i] = list[i].second;
  }
  return values;
}

}  // namespace d2nn::expr
