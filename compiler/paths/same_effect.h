// Actions that change nothing: whichever of two is taken, the same nodes execute.
#pragma once

#include <vector>

#include "paths/paths.h"
#include "paths/predicates.h"

namespace d2nn::paths {

/// Each action whose choice gives the same executed nodes and null outputs as an earlier declared one of its control
/// node, whatever else is decided. None of a control node that never executes.
std::vector<Analysis::SameEffect> actions_of_same_effect(const graph::Program& program, const Conditions& conditions,
                                                         const DiagramSession& session);

}  // namespace d2nn::paths
