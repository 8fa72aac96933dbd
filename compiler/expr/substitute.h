// Expressions in the place of others' operands: how consecutive layers become one.
#pragma once

#include <optional>
#include <span>

#include "expr/expression.h"

namespace d2nn::expr {

/// The same values with operand i under number `numbers[i]`, for every operand that is read. Two that are the same
/// tensor may get one number.
Expression renumbered(const Expression& expression, std::span<const std::uint32_t> numbers);

/// `outer` with the operand `place` computed by `inner`, whose one result has as many elements; it is read under the
/// dims under which `outer` views it. `inner` keeps its numbers; other operands of `outer` get `numbers[i]`, and its
/// weight i the number `first_weight + i`.
Expression compose(const Expression& outer, std::uint32_t place, const Expression& inner,
                   std::span<const std::uint32_t> numbers, std::uint32_t first_weight);

/// The expression under other dims with as many elements; nullopt unless it is placewise (recognise.h).
std::optional<Expression> viewed_under(const Expression& expression, const Dims& dims);

}  // namespace d2nn::expr
