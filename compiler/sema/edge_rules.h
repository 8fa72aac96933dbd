// The restrictions of docs/language.md on edges, and the order in which nodes can run.
#pragma once

#include "sema/draft.h"

namespace d2nn::sema {

/// Needs connected edges. Reports every broken restriction with a note at the other place, sets NodeInput::join where
/// there are several edges, and Program::topological_order (without the nodes on and behind a cycle, when there is
/// one). Nodes whose edges are wrong are silenced.
void check_edge_rules(Draft& draft, diag::Sink& sink);

}  // namespace d2nn::sema
