// Reads the only source that a join can take, without a copy.
#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

namespace {

using graph::EdgeId;
using graph::Join;

/// The source whose own tensor the join gives wherever its node is computed: it takes one edge, never its default.
std::optional<graph::NodeId> only_source(const graph::Program& program, const JoinStep& join, const paths::Uses& uses) {
  const graph::NodeInput& input = program[join.node].inputs[join.input];
  const bool is_choice_of_sum = input.join == Join::sum && join.kind == Join::first;
  if (join.kind != Join::none && join.kind != Join::first && join.kind != Join::last) return std::nullopt;
  std::optional<EdgeId> taken;
  for (const EdgeId edge : input.edges) {
    // In a choice the defaults of the others are zeros that are not added.
    const bool may_take_default = program[edge].fallback && uses.default_is_read[edge.index];
    if (may_take_default && !(is_choice_of_sum && !uses.value_is_read[edge.index])) return std::nullopt;
    if (!uses.value_is_read[edge.index]) continue;
    if (taken) return std::nullopt;
    taken = edge;
  }
  if (!taken) return std::nullopt;
  return program[*taken].source;
}

void forward_joins(Plan& plan, NodePlan& node, const PassContext& context) {
  std::erase_if(node.joins, [&](std::uint32_t index) {
    const JoinStep& join = plan.joins[index];
    const std::optional<graph::NodeId> source = only_source(context.program, join, *context.uses);
    if (!source || !plan.value_of[source->index]) return false;
    for (const std::uint32_t step : node.steps) {
      std::vector<Operand>& operands = plan.steps[step].operands;
      std::replace(operands.begin(), operands.end(), Operand{false, join.target}, *plan.value_of[source->index]);
    }
    return true;
  });
}

}  // namespace

void forward_edge(Plan& plan, const PassContext& context) {
  if (context.uses == nullptr) return;
  for (NodePlan& node : plan.nodes) forward_joins(plan, node, context);
  compact(plan);
}

}  // namespace d2nn::passes
