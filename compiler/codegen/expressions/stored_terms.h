// Which terms are computed once and stored, rather than inlined where they are read. No LLVM.
#pragma once

#include <vector>

#include "expr/expression.h"

namespace d2nn::codegen {

/// Whether each term is stored: reductions; the operand of a reshape whose axes cut across its own; exp, erf, tanh and
/// log read by stages that cannot share one loop; expensive terms that would be computed in every round of a loop
/// around them. Leaves never are. The results of the expression must not be reshapes.
std::vector<char> choose_stored_terms(const expr::Expression& expression);

}  // namespace d2nn::codegen
