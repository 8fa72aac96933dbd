// Fourth step of a network: shapes, costs and parameters, by the rules of the op table.
#pragma once

#include "sema/draft.h"

namespace d2nn::sema {

/// Needs bodies and an order. Fills the shapes of inputs, ops and nodes, costs, and Program::parameters; checks that
/// shapes agree along edges, that default values fit and that a control node has one score per action. A node whose
/// shape cannot be known stays silent, and so does everything behind it.
void infer_shapes(Draft& draft, diag::Sink& sink);

}  // namespace d2nn::sema
