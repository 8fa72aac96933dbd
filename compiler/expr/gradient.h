// The backward pass of an expression, as an expression: reverse-mode differentiation over the primitives
// (Griewank and Walther, Evaluating Derivatives, chapter 3). One rule per primitive.
#pragma once

#include <vector>

#include "expr/expression.h"

namespace d2nn::expr {

/// Whose gradients are wanted.
struct Wanted {
  std::vector<bool> operands;
  std::vector<bool> weights;
};

/// Reads the operands and weights of `forward` under their numbers and, as operand `forward.operand_count()`, the
/// gradient of its one result. Results: the gradients of the wanted operands in order, then of the wanted weights in
/// order, each with as many elements as the leaf, in its order; one that does not depend on the leaf is zeros. No
/// detach is left in it. A wanted leaf that `forward` does not read, or results other than one: diag::InternalError.
///
/// The gradient of max is split evenly among equal elements, that of maximum and minimum given half to each at a tie,
/// abs has 0 at 0, as in PyTorch; relu is written with select so that its gradient at 0 is 0. greater, equal and detach
/// have none. The branch that a select does not take adds nothing, also where its gradient would be infinite or NaN.
Expression gradient(const Expression& forward, const Wanted& wanted);

/// The same gradient of `forward`, where the value of its result is kept and need not be computed again: read as
/// operand `forward.operand_count() + 1`, if that spares a reduction or a function such as exp; else as it is.
Expression reading_result(const Expression& gradient, const Expression& forward);

}  // namespace d2nn::expr
