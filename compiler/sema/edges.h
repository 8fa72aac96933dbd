// Second step of a network: its data and control edges, names resolved.
#pragma once

#include "sema/draft.h"

namespace d2nn::sema {

/// Needs declared names. Adds Program::edges, the nodes' outgoing and incoming edges and the control nodes' actions, in
/// order of declaration. Reports unknown names, ends where no edge can be, wrong input names, doubled edges, actions
/// and targets, and evaluates default values. An edge that is wrong is left out.
void connect_edges(Draft& draft, diag::Sink& sink);

}  // namespace d2nn::sema
