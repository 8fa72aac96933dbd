// Properties of expressions that decide how they may be computed.
#pragma once

#include "expr/expression.h"

namespace d2nn::expr {

/// Whether each element of the one result depends on nothing but constants and elements of operands at the same place,
/// operand 0 among them, and all terms but constants have the dims of the result. So the elements may be gone through
/// in any order and by their number alone: what a kernel can apply to its sums wherever it makes them.
bool is_placewise(const Expression& expression);

/// max(operand 0, 0).
bool is_relu(const Expression& expression);

/// Primitives that cost tens of instructions: exp, log, tanh, erf.
bool is_polynomial(Primitive primitive);

}  // namespace d2nn::expr
