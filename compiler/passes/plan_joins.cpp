#include "passes/plan_joins.h"

#include <algorithm>

namespace d2nn::passes {

namespace {

using graph::EdgeId;
using graph::Join;

/// A sum of exclusive sources: every skipped one adds zeros. (-0.0 + 0.0 is 0.0; a choice keeps the sign of the zero.)
/// An edge without a default must never be skipped where the sum is taken; into an output the sum is taken everywhere,
/// for it may be null.
bool is_choice(const graph::Program& program, const graph::NodeInput& input, const paths::Uses& uses) {
  return input.join == Join::sum && std::all_of(input.edges.begin(), input.edges.end(), [&](EdgeId edge) {
           const auto& fallback = program[edge].fallback;
           const bool is_zero =
               fallback && std::all_of(fallback->begin(), fallback->end(), [](float x) { return x == 0; });
           const bool is_output = program[program[edge].target].kind == graph::NodeKind::output;
           return uses.is_exclusive[edge.index] && (is_zero || (!is_output && !uses.default_is_read[edge.index]));
         });
}

}  // namespace

JoinStep plan_join(const graph::Program& program, const graph::NodeInput& input, const paths::Uses& uses,
                   const PassSet& passes) {
  JoinStep join;
  join.kind = input.join;
  for (const EdgeId edge : input.edges) join.edges.push_back({edge, program[edge].fallback.has_value()});
  const bool takes_one = input.join == Join::first || input.join == Join::last;
  if (passes.has(Pass::choose_exclusive) && is_choice(program, input, uses)) {
    // `first` passes by the skipped ones; the last edge's zeros stand for "none of them".
    join.kind = Join::first;
    std::erase_if(join.edges, [&](const JoinEdge& edge) {
      return join.edges.size() > 1 && !uses.value_is_read[edge.edge.index] && edge.edge != input.edges.back();
    });
    for (JoinEdge& edge : join.edges) edge.takes_default = edge.edge == input.edges.back() && edge.takes_default;
  } else if (takes_one && passes.has(Pass::drop_unused)) {
    std::erase_if(join.edges, [&](const JoinEdge& edge) {
      return !uses.value_is_read[edge.edge.index] && !uses.default_is_read[edge.edge.index];
    });
    if (join.edges.empty()) join.edges.push_back({input.edges.front(), false});  // of a node that is never computed
  }
  return join;
}

std::optional<graph::NodeId> forwarded_source(const graph::Program& program, const graph::NodeInput& input,
                                              const JoinStep& join, const paths::Uses& uses, const PassSet& passes) {
  const bool is_choice_of_sum = input.join == Join::sum && join.kind == Join::first;
  const bool takes_one = join.kind == Join::none || join.kind == Join::first || join.kind == Join::last;
  if (!takes_one || (input.edges.size() > 1 && !passes.has(Pass::forward_edge))) return std::nullopt;
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

}  // namespace d2nn::passes
