// Fifth step of a network: the tensors of weights and their names (docs/language.md, "Names of parameters").
#pragma once

#include "sema/draft.h"

namespace d2nn::sema {

/// Needs shapes. Fills Program::parameters and Op::parameters, in order of nodes, ops and roles, and reports equal full
/// names. Nodes without a shape have none.
void name_parameters(Draft& draft, diag::Sink& sink);

}  // namespace d2nn::sema
