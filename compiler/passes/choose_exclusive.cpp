// Takes the one branch that ran instead of adding zeros for the others.
#include <algorithm>

#include "passes/passes.h"

namespace d2nn::passes {

namespace {

using graph::Join;

/// A sum of exclusive sources: every skipped one adds zeros. (-0.0 + 0.0 is 0.0; a choice keeps the sign of the zero.)
/// An edge without a default must never be skipped where the sum is taken; into an output the sum is taken everywhere,
/// for it may be null.
bool is_choice(const graph::Program& program, const JoinStep& join, const paths::Uses& uses) {
  return join.kind == Join::sum && std::all_of(join.edges.begin(), join.edges.end(), [&](const JoinEdge& edge) {
           const auto& fallback = program[edge.edge].fallback;
           const bool is_zero =
               fallback && std::all_of(fallback->begin(), fallback->end(), [](float x) { return x == 0; });
           const std::uint32_t index = edge.edge.index;
           return uses.is_exclusive[index] && (is_zero || (!join.is_output && !uses.default_is_read[index]));
         });
}

}  // namespace

void choose_exclusive(Plan& plan, const PassContext& context) {
  if (context.uses == nullptr) return;
  for (JoinStep& join : plan.joins) {
    if (!is_choice(context.program, join, *context.uses)) continue;
    // `first` passes by the skipped ones; the last edge's zeros stand for "none of them".
    join.kind = Join::first;
    const graph::EdgeId last = join.edges.back().edge;
    std::erase_if(join.edges, [&](const JoinEdge& edge) {
      return !context.uses->value_is_read[edge.edge.index] && edge.edge != last;
    });
    for (JoinEdge& edge : join.edges) edge.takes_default = edge.edge == last && edge.takes_default;
  }
}

}  // namespace d2nn::passes
