// Reads the conditions off the edges. Works in topological order, so that "executed" of a node that always executes is
// already known to be true and drops out of the conditions of its readers.
#include "passes/conditions.h"

namespace d2nn::passes {

namespace {

using graph::Join;

/// Adds the clause unless a literal of it always holds.
class ConditionBuilder {
 public:
  ConditionBuilder(const graph::Program& program, const std::vector<Condition>& known)
      : program_(program), known_(known) {}

  /// The edge carries a value: its default, or that of an executed source.
  bool always_has_value(const graph::Edge& edge) const {
    if (edge.fallback) return true;
    return known_[edge.source.index].is_always();
  }

  void add_input(const graph::NodeInput& input, Condition& condition) const {
    if (input.join == Join::first || input.join == Join::last) {
      Clause clause;
      for (const graph::EdgeId id : input.edges) {
        if (always_has_value(program_[id])) return;
        clause.emplace_back(Executed{program_[id].source});
      }
      condition.clauses.push_back(std::move(clause));
      return;
    }
    for (const graph::EdgeId id : input.edges) {
      if (!always_has_value(program_[id])) condition.clauses.push_back({Executed{program_[id].source}});
    }
  }

  /// A control node with a fixed action takes it where it executes, and no other.
  void add_activation(const std::vector<graph::Activation>& activations, Condition& condition) const {
    Clause clause;
    for (const graph::Activation& activation : activations) {
      const std::optional<std::uint32_t> fixed = program_[activation.control].fixed_action;
      if (fixed && *fixed != activation.action) continue;
      if (fixed && known_[activation.control.index].is_always()) return;
      clause.emplace_back(Took{activation.control, activation.action});
    }
    condition.clauses.push_back(std::move(clause));
  }

 private:
  const graph::Program& program_;
  const std::vector<Condition>& known_;
};

}  // namespace

std::vector<Condition> conditions(const graph::Program& program) {
  std::vector<Condition> result(program.nodes.size());
  const auto activated_by = graph::activations(program);
  for (const graph::NodeId id : program.topological_order) {
    const graph::Node& node = program[id];
    const ConditionBuilder builder(program, result);
    Condition& condition = result[id.index];
    for (const graph::NodeInput& input : node.inputs) builder.add_input(input, condition);
    if (!activated_by[id.index].empty()) builder.add_activation(activated_by[id.index], condition);
  }
  return result;
}

}  // namespace d2nn::passes
