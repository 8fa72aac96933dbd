#include "paths/predicates.h"

#include <bit>

namespace d2nn::paths {
namespace {

/// When the join of these edges is null (graph.h, "An input of a node").
Predicate null_input(const graph::NodeInput& input, const std::vector<Predicate>& null_edge,
                     const DiagramSession& session) {
  const bool needs_one = input.join == graph::Join::first || input.join == graph::Join::last;
  Predicate result = needs_one ? session.always() : session.never();
  for (graph::EdgeId edge : input.edges) {
    result = needs_one ? result & null_edge[edge.index] : result | null_edge[edge.index];
  }
  return result;
}

/// The variables spell a number below action_count.
Predicate spells_an_action(const ControlCode& code, const DiagramSession& session) {
  Predicate result = session.never();
  for (std::uint32_t action = 0; action < code.action_count; ++action) result = result | spells(code, action, session);
  return code.action_count == 0 ? session.always() : result;
}

}  // namespace

std::vector<ControlCode> control_codes(const graph::Program& program) {
  std::vector<ControlCode> codes;
  int next_variable = 0;
  for (graph::NodeId id : program.topological_order) {
    if (program[id].kind != graph::NodeKind::control) continue;
    ControlCode code{id, static_cast<std::uint32_t>(program[id].actions.size()), {}};
    const int bits = code.action_count < 2 ? 0 : static_cast<int>(std::bit_width(code.action_count - 1));
    for (int bit = 0; bit < bits; ++bit) code.variables.push_back(next_variable++);
    codes.push_back(std::move(code));
  }
  return codes;
}

Predicate spells(const ControlCode& code, std::uint32_t action, const DiagramSession& session) {
  Predicate result = session.always();
  // From the last variable up, so that each step adds one node on top of what is there.
  for (std::size_t i = code.variables.size(); i-- > 0;) {
    const Predicate bit = session.variable(code.variables[i]);
    const bool is_set = (action >> (code.variables.size() - 1 - i)) & 1u;
    result = result & (is_set ? bit : !bit);
  }
  return result;
}

Conditions make_conditions(const graph::Program& program, const DiagramSession& session) {
  Conditions conditions{control_codes(program),
                        std::vector<Predicate>(program.nodes.size(), session.always()),
                        std::vector<Predicate>(program.edges.size(), session.never()),
                        {},
                        session.always()};
  const auto activating = graph::activations(program);
  // By NodeId::index, for control nodes: the condition of each action.
  std::vector<std::vector<Predicate>> activates(program.nodes.size());
  std::size_t next_code = 0;

  for (graph::NodeId id : program.topological_order) {
    const graph::Node& node = program[id];
    Predicate executes = session.always();
    for (const graph::NodeInput& input : node.inputs) {
      executes = executes & !null_input(input, conditions.null_edge, session);
    }
    if (!activating[id.index].empty()) {
      Predicate activated = session.never();
      for (const graph::Activation& activation : activating[id.index]) {
        activated = activated | activates[activation.control.index][activation.action];
      }
      executes = executes & activated;
    }
    for (graph::EdgeId edge : node.outgoing) {
      if (!program[edge].fallback) conditions.null_edge[edge.index] = !executes;
    }
    if (node.kind == graph::NodeKind::control) {
      const ControlCode& code = conditions.codes[next_code++];
      for (std::uint32_t action = 0; action < code.action_count; ++action) {
        activates[id.index].push_back(executes & spells(code, action, session));
      }
      conditions.valid_code.push_back((executes & spells_an_action(code, session)) |
                                      ((!executes) & spells(code, 0, session)));
      conditions.valid = conditions.valid & conditions.valid_code.back();
    }
    conditions.executes[id.index] = std::move(executes);
  }
  return conditions;
}

}  // namespace d2nn::paths
