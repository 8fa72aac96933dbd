// Questions that every reader of a Program asks.
#include "graph/graph.h"

#include <array>

namespace d2nn::graph {

std::string_view spelling(NodeKind kind) {
  constexpr std::array<std::string_view, 5> names{"input", "output", "node", "control", "dummy"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view spelling(Join join) {
  constexpr std::array<std::string_view, 7> names{"none", "sum", "mean", "max", "concat", "first", "last"};
  return names[static_cast<std::size_t>(join)];
}

std::vector<NodeId> nodes_of(const Program& program, NodeKind kind) {
  std::vector<NodeId> found;
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    if (program.nodes[i].kind == kind) found.push_back({i});
  }
  return found;
}

std::vector<std::vector<Activation>> activations(const Program& program) {
  std::vector<std::vector<Activation>> reaching(program.nodes.size());
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    const std::vector<Action>& actions = program.nodes[i].actions;
    for (std::uint32_t a = 0; a < actions.size(); ++a) {
      for (NodeId target : actions[a].targets) reaching[target.index].push_back({NodeId{i}, a});
    }
  }
  return reaching;
}

const Shape& value_shape(const Node& node, ValueId value) {
  const std::size_t input_count = node.inputs.size();
  if (value.index < input_count) return node.inputs[value.index].shape;
  return node.ops[value.index - input_count].shape;
}

std::int64_t path_cost(const Program& program, const std::vector<bool>& executed) {
  std::int64_t cost = 0;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (executed[i]) cost += program.nodes[i].cost;
  }
  return cost;
}

}  // namespace d2nn::graph
