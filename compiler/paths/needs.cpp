#include "paths/needs.h"

namespace d2nn::paths {
namespace {

/// When each edge of an input is taken, given when its node is computed. first and last take one edge, all other joins
/// every edge.
void take_edges(const graph::NodeInput& input, const Predicate& computed, const Conditions& conditions,
                std::vector<Predicate>& taken) {
  const bool takes_all = input.join != graph::Join::first && input.join != graph::Join::last;
  Predicate rest = computed;
  for (std::size_t i = 0; i < input.edges.size(); ++i) {
    const bool from_behind = input.join == graph::Join::last;
    const std::size_t edge = input.edges[from_behind ? input.edges.size() - 1 - i : i].index;
    if (takes_all) {
      taken[edge] = computed;
      continue;
    }
    const Predicate& is_null = conditions.null_edge[edge];
    taken[edge] = rest & !is_null;
    rest = rest & is_null;
  }
}

}  // namespace

Needs find_needs(const graph::Program& program, const Conditions& conditions, const DiagramSession& session,
                 const Widen& widen) {
  Needs needs{std::vector<Predicate>(program.nodes.size(), session.never()),
              std::vector<Predicate>(program.edges.size(), session.never())};
  for (std::size_t i = program.topological_order.size(); i-- > 0;) {
    const graph::NodeId id = program.topological_order[i];
    const graph::Node& node = program[id];
    const Predicate& executes = conditions.executes[id.index];
    Predicate& computed = needs.computed[id.index];
    if (node.kind == graph::NodeKind::regular) {
      Predicate needed = session.never();
      for (const graph::EdgeId edge : node.outgoing) needed = needed | needs.taken[edge.index];
      computed = widen(id, needed & executes);
    } else if (!node.fixed_action) {
      computed = executes;
    }
    for (const graph::NodeInput& input : node.inputs) take_edges(input, computed, conditions, needs.taken);
  }
  return needs;
}

}  // namespace d2nn::paths
