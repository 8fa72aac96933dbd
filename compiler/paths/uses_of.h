// find_uses (uses.h) from conditions that are there already. Used inside the paths room only.
#pragma once

#include "paths/predicates.h"
#include "paths/uses.h"

namespace d2nn::paths {

/// The variables of `conditions` must follow the topological order. Throws DiagramError.
Uses uses_of(const graph::Program& program, bool is_conditional, const Conditions& conditions,
             const DiagramSession& session);

}  // namespace d2nn::paths
