// Leaves out what never executes and values that nothing needs, and of joins that take one edge those never taken.
#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

namespace {

/// Edges that bring neither a value nor a default value.
void drop_edges(JoinStep& join, const paths::Uses& uses) {
  if (join.kind != graph::Join::first && join.kind != graph::Join::last) return;
  const JoinEdge front = join.edges.front();
  std::erase_if(join.edges, [&](const JoinEdge& edge) {
    return !uses.value_is_read[edge.edge.index] && !uses.default_is_read[edge.edge.index];
  });
  if (join.edges.empty()) join.edges.push_back({front.edge, false});  // of a node that is never computed
}

}  // namespace

void drop_unused(Plan& plan, const PassContext& context) {
  if (context.uses == nullptr) return;
  const paths::Uses& uses = *context.uses;
  plan.never_executes = uses.never_executes;
  for (std::size_t i = 0; i < plan.needs.size(); ++i) {
    if (uses.needs[i].when != paths::Need::When::never) continue;
    plan.needs[i] = uses.needs[i];
    if (const std::optional<Operand>& value = plan.value_of[i]; value && !value->is_input) plan.value_of[i].reset();
  }
  for (JoinStep& join : plan.joins) drop_edges(join, uses);
  order_schedule(context.program, plan);
  compact(plan);
}

}  // namespace d2nn::passes
