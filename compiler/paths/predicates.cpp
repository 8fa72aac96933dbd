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

bool bit_of(std::uint32_t number, const ControlCode& code, std::size_t position) {
  return (number >> (code.variables.size() - 1 - position)) & 1u;
}

/// The variables spell this number or a higher one: from the last bit up, a set bit needs the variable and the rest, a
/// clear bit is exceeded by the variable alone.
Predicate spells_at_least(const ControlCode& code, std::uint32_t number, const DiagramSession& session) {
  Predicate result = session.always();
  for (std::size_t i = code.variables.size(); i-- > 0;) {
    const Predicate bit = session.variable(code.variables[i]);
    result = bit_of(number, code, i) ? bit & result : bit | result;
  }
  return result;
}

}  // namespace

std::vector<ControlCode> control_codes(const graph::Program& program,
                                       const std::vector<graph::NodeId>& variable_order) {
  std::vector<ControlCode> codes;
  std::vector<std::size_t> position(program.nodes.size());
  for (graph::NodeId id : program.topological_order) {
    if (program[id].kind != graph::NodeKind::control) continue;
    position[id.index] = codes.size();
    codes.push_back({id, static_cast<std::uint32_t>(program[id].actions.size()), {}, program[id].fixed_action});
  }
  int next_variable = 0;
  const auto number_variables = [&](ControlCode& code) {
    const bool decides = code.action_count > 1 && !code.fixed_action;
    const int bits = !decides ? 0 : static_cast<int>(std::bit_width(code.action_count - 1));
    for (int bit = 0; bit < bits; ++bit) code.variables.push_back(next_variable++);
  };
  if (variable_order.empty()) {
    for (ControlCode& code : codes) number_variables(code);
  } else {
    for (graph::NodeId id : variable_order) number_variables(codes[position[id.index]]);
  }
  return codes;
}

int count_variables(const graph::Program& program) {
  int count = 0;
  for (const ControlCode& code : control_codes(program)) count += static_cast<int>(code.variables.size());
  return count;
}

std::vector<graph::NodeId> order_from_outputs(const graph::Program& program) {
  const auto activating = graph::activations(program);
  std::vector<graph::NodeId> order;
  std::vector<bool> is_seen(program.nodes.size());
  // Explicit, for a chain may be as long as a program. A node is done when what it reads and obeys is.
  struct Visit {
    graph::NodeId node;
    std::vector<graph::NodeId> before;
    std::size_t next = 0;
  };
  std::vector<Visit> open;
  const auto enter = [&](graph::NodeId id) {
    if (is_seen[id.index]) return;
    is_seen[id.index] = true;
    Visit visit{id, {}};
    for (const graph::NodeInput& input : program[id].inputs) {
      for (graph::EdgeId edge : input.edges) visit.before.push_back(program[edge].source);
    }
    for (const graph::Activation& activation : activating[id.index]) visit.before.push_back(activation.control);
    open.push_back(std::move(visit));
  };
  const auto finish = [&](graph::NodeId root) {
    enter(root);
    while (!open.empty()) {
      if (Visit& visit = open.back(); visit.next < visit.before.size()) {
        enter(visit.before[visit.next++]);
        continue;
      }
      if (program[open.back().node].kind == graph::NodeKind::control) order.push_back(open.back().node);
      open.pop_back();
    }
  };
  for (graph::NodeId output : graph::nodes_of(program, graph::NodeKind::output)) finish(output);
  for (graph::NodeId control : graph::nodes_of(program, graph::NodeKind::control)) finish(control);
  return order;
}

Predicate spells_number(const ControlCode& code, std::uint32_t number, const DiagramSession& session) {
  Predicate result = session.always();
  // From the last variable up, so that each step adds one node on top of what is there.
  for (std::size_t i = code.variables.size(); i-- > 0;) {
    const Predicate bit = session.variable(code.variables[i]);
    result = result & (bit_of(number, code, i) ? bit : !bit);
  }
  return result;
}

Predicate spells(const ControlCode& code, std::uint32_t action, const DiagramSession& session) {
  if (code.fixed_action) return action == *code.fixed_action ? session.always() : session.never();
  return action + 1 == code.action_count ? spells_at_least(code, action, session)
                                         : spells_number(code, action, session);
}

Predicate after_action(Predicate predicate, const ControlCode& code, std::uint32_t action) {
  for (std::size_t i = 0; i < code.variables.size(); ++i) {
    if (predicate.is_never() || predicate.is_always()) break;
    if (predicate.variable() != code.variables[i]) continue;
    predicate = bit_of(action, code, i) ? predicate.when_yes() : predicate.when_no();
  }
  return predicate;
}

Conditions make_conditions(const graph::Program& program, const DiagramSession& session,
                           const std::vector<graph::NodeId>& variable_order) {
  Conditions conditions{control_codes(program, variable_order),
                        std::vector<Predicate>(program.nodes.size(), session.always()),
                        std::vector<Predicate>(program.edges.size(), session.never())};
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
    }
    conditions.executes[id.index] = std::move(executes);
  }
  return conditions;
}

Predicate one_assignment_per_path(const Conditions& conditions, const DiagramSession& session) {
  Predicate result = session.always();
  for (const ControlCode& code : conditions.codes) {
    if (code.variables.empty()) continue;
    const Predicate& executes = conditions.executes[code.control.index];
    const Predicate in_range =
        (!spells_at_least(code, code.action_count - 1, session)) | spells_number(code, code.action_count - 1, session);
    result = result & ((executes & in_range) | ((!executes) & spells_number(code, 0, session)));
  }
  return result;
}

}  // namespace d2nn::paths
