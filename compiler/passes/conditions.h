// When each node executes, as compiled code tests it: a conjunction of small disjunctions over what is already known
// when the node is settled (docs/language.md, "Semantics, per sample", rules 1 to 4).
#pragma once

#include <variant>
#include <vector>

#include "graph/graph.h"

namespace d2nn::passes {

/// "this node executed".
struct Executed {
  graph::NodeId node;
  friend bool operator==(const Executed&, const Executed&) = default;
};
/// "this control node took this action".
struct Took {
  graph::NodeId control;
  std::uint32_t action = 0;
  friend bool operator==(const Took&, const Took&) = default;
};
using Literal = std::variant<Executed, Took>;
/// At least one of the literals holds; none: never.
using Clause = std::vector<Literal>;

/// All clauses hold; no clause: always. Clauses that always hold are left out.
struct Condition {
  std::vector<Clause> clauses;
  bool is_always() const { return clauses.empty(); }
};

/// By NodeId::index: when a function node executes, when an output has a value. Inputs always have one.
std::vector<Condition> conditions(const graph::Program& program);

}  // namespace d2nn::passes
