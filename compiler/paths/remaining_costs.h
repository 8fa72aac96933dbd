// What every decision costs beyond the cheapest: the tables by which a cost budget is kept while a network runs
// (docs/language.md, "Cost budgets"). A budget holds as long as the least total cost, given the decisions so far, stays
// within it; each decision adds to that, and some action adds nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace d2nn::paths {

/// Decision diagrams that share their nodes, one per control node: a walk from its top ends at what an action adds.
struct RemainingCosts {
  /// Tests a bit of the number of an action: of an earlier control node, or of the one that is to be decided. An
  /// earlier one that did not execute may be read as any action.
  struct Step {
    std::uint32_t control = 0;  // position in nodes_of(program, control)
    std::uint32_t shift = 0;    // the bit is (action >> shift) & 1
    std::int32_t when_no = 0;   // 0 or more: a step; below 0: the value ~when_no
    std::int32_t when_yes = 0;
  };
  std::vector<Step> steps;
  std::vector<std::int64_t> values;
  /// By position in nodes_of(program, control): where its walk begins, as in Step::when_no.
  std::vector<std::int32_t> tops;
};

/// Multiplications that an action adds to the least cost of all that may follow, after the decisions so far: by action,
/// 0 for those that keep the least. Control nodes decide in topological order, then order of declaration. Nothing when
/// the diagrams outgrow their limit: decisions that depend on each other in too many ways. Thread-safe (serialised).
std::optional<RemainingCosts> remaining_costs(const graph::Program& program);

}  // namespace d2nn::paths
