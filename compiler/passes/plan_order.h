// The order of a plan's schedule.
#pragma once

#include <vector>

#include "passes/plan.h"

namespace d2nn::passes {

/// An entry for a node before nodes have positions in the plan. One that does neither keeps the place of a node that
/// never executes.
struct NodeEntry {
  graph::NodeId node;
  bool settles = true;
  bool computes = true;
};

/// Topological, but the nodes that one action alone activates come right behind their control node where their inputs
/// are ready, so that a decision's branches stand together in the code. A node that is needed only after some decisions
/// is settled at its place and computed right behind the last of them.
std::vector<NodeEntry> order_schedule(const graph::Program& program, const std::vector<Condition>& conditions,
                                      const paths::Uses& uses);

}  // namespace d2nn::passes
