// The condition under which each node of a program executes and each edge is null, as predicates over the decisions.
// A control node with k actions is a group of ceil(log2 k) variables that spell the number of its action, the highest
// bit first; groups follow the topological order, so that what decides early stands high in the diagrams.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "paths/diagrams.h"

namespace d2nn::paths {

/// The variables of one control node.
struct ControlCode {
  graph::NodeId control;
  std::uint32_t action_count = 0;
  std::vector<int> variables;  // highest bit first; none for a single action
};

/// Codes of the control nodes, in topological order; the variables number 0, 1, ... through the list.
std::vector<ControlCode> control_codes(const graph::Program& program);

/// All conditions of a program. True or false for every assignment of the variables, but only those in `valid` mean a
/// path.
struct Conditions {
  std::vector<ControlCode> codes;
  std::vector<Predicate> executes;   // by NodeId::index; of an output: its value is not null
  std::vector<Predicate> null_edge;  // by EdgeId::index
  /// By position in `codes`: the variables spell an action where the control node executes, and are all zero where it
  /// does not, so that each path is exactly one assignment.
  std::vector<Predicate> valid_code;
  Predicate valid;  // all of valid_code
};
Conditions make_conditions(const graph::Program& program, const DiagramSession& session);

/// The variables of `code` spell this action (whether its control node executes or not).
Predicate spells(const ControlCode& code, std::uint32_t action, const DiagramSession& session);

}  // namespace d2nn::paths
