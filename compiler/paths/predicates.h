// The condition under which each node of a program executes and each edge is null, as predicates over the decisions.
// A control node with k actions is a group of ceil(log2 k) neighbouring variables that spell the number of its action,
// the highest bit first; what is left over beyond k - 1 spells the last action too. So every assignment of the
// variables means a path (that of the control nodes that execute; what the others would take does not matter), and a
// condition holds on some path exactly when it is not "never".
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.h"
#include "paths/diagrams.h"

namespace d2nn::paths {

/// The variables of one control node.
struct ControlCode {
  graph::NodeId control;
  std::uint32_t action_count = 0;
  std::vector<int> variables;                      // highest bit first; none for a single or fixed action
  std::optional<std::uint32_t> fixed_action = {};  // of the control node
};

/// Codes of the control nodes, in topological order. The variables are numbered 0, 1, ... in `variable_order`, the
/// order of the control nodes in the diagrams; without it, in the order of the result.
std::vector<ControlCode> control_codes(const graph::Program& program,
                                       const std::vector<graph::NodeId>& variable_order = {});
/// Another order: each control node next to what it decides and depends on, found from the outputs backwards. For
/// programs whose parallel branches are declared in turn, which the topological order mixes.
std::vector<graph::NodeId> order_from_outputs(const graph::Program& program);

/// How many variables these codes have together.
int count_variables(const graph::Program& program);

/// All conditions of a program.
struct Conditions {
  std::vector<ControlCode> codes;
  std::vector<Predicate> executes;   // by NodeId::index; of an output: its value is not null
  std::vector<Predicate> null_edge;  // by EdgeId::index
};
Conditions make_conditions(const graph::Program& program, const DiagramSession& session,
                           const std::vector<graph::NodeId>& variable_order = {});

/// True for one assignment of each path: the variables of a control node are all zero where it does not execute and
/// within its actions where it does. For counting; it may be far larger than each of the conditions.
Predicate one_assignment_per_path(const Conditions& conditions, const DiagramSession& session);

/// The variables of `code` spell this action (whether its control node executes or not). The actions of a control node
/// exclude each other, and one of them is always spelled.
Predicate spells(const ControlCode& code, std::uint32_t action, const DiagramSession& session);

/// What is left of `predicate` once the variables of `code` spell this action. `predicate` must test no variable before
/// those of `code`.
Predicate after_action(Predicate predicate, const ControlCode& code, std::uint32_t action);

/// The variables of `code` spell exactly this number: one assignment of them, which for the last action is one of
/// several.
Predicate spells_number(const ControlCode& code, std::uint32_t number, const DiagramSession& session);

}  // namespace d2nn::paths
