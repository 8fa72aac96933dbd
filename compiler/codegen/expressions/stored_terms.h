// Which terms are computed once and stored, rather than inlined where they are read. No LLVM.
#pragma once

#include <vector>

#include "expr/expression.h"

namespace d2nn::codegen {

/// By term. Reductions; what a reshape with axes across its own reads; exp, erf, tanh and log that stages read which
/// cannot be one loop; what is dear and would be computed for every round of a loop around it. Leaves never.
/// The results of the expression are no reshapes.
std::vector<char> choose_stored_terms(const expr::Expression& expression);

}  // namespace d2nn::codegen
