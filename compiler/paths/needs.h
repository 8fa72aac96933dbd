// The condition under which the value of each node is needed, as predicates. Used inside the paths room only.
#pragma once

#include <functional>
#include <vector>

#include "paths/predicates.h"

namespace d2nn::paths {

/// All by index.
struct Needs {
  std::vector<Predicate> computed;  // by NodeId: it executes and its value is computed; of an output: it has a value
  std::vector<Predicate> taken;     // by EdgeId: the computed target takes what this edge carries
};

/// Given when a regular node must be computed at least (never wider than it executes), when it will be.
using Widen = std::function<Predicate(graph::NodeId node, const Predicate& needed)>;

/// Goes from the outputs and control nodes backwards. `widen` may ask for more than is needed; what then computes
/// needs its inputs in turn. A control node with a fixed action is not computed.
Needs find_needs(const graph::Program& program, const Conditions& conditions, const DiagramSession& session,
                 const Widen& widen);

}  // namespace d2nn::paths
