// Each rule is one function that appends sentences; later rules run only where earlier ones made ids safe to follow.
#include "graph/verify.h"

#include <cmath>
#include <set>

#include "graph/join_shape.h"

namespace d2nn::graph {
namespace {

class Verifier {
 public:
  explicit Verifier(const Program& program) : program_(program) {}

  std::vector<std::string> run() {
    check_ids();
    if (!findings_.empty()) return std::move(findings_);
    check_names();
    for (const Node& node : program_.nodes) {
      check_kind(node);
      check_inputs(node);
      check_ops(node);
      check_actions(node);
    }
    check_edges();
    check_parameters();
    check_order();
    check_total_cost();
    if (program_.train) check_train(*program_.train);
    return std::move(findings_);
  }

 private:
  void found(const std::string& where, const std::string& what) { findings_.push_back(where + ": " + what); }
  void found(const Node& node, const std::string& what) { found("node `" + node.name + "`", what); }
  bool is_node(NodeId id) const { return id.index < program_.nodes.size(); }
  bool is_edge(EdgeId id) const { return id.index < program_.edges.size(); }

  void check_ids() {
    for (const Edge& edge : program_.edges) {
      if (!is_node(edge.source) || !is_node(edge.target)) {
        found("edge", "an end is not a node of the program");
      } else if (edge.target_input >= program_[edge.target].inputs.size()) {
        found(program_[edge.target], "an edge feeds input " + std::to_string(edge.target_input) + ", but there are " +
                                         std::to_string(program_[edge.target].inputs.size()));
      }
    }
    for (const Node& node : program_.nodes) check_ids(node);
    for (NodeId id : program_.topological_order) {
      if (!is_node(id)) found("topological order", "holds an id that is no node");
    }
  }

  /// The op table's rules may only be asked about such shapes.
  void check_shape(const Node& node, const Shape& shape) {
    if (!ops::checked_elements(shape.dims)) found(node, "the shape " + shape.to_string() + " is not representable");
  }

  void check_ids(const Node& node) {
    check_shape(node, node.shape);
    for (const NodeInput& input : node.inputs) check_shape(node, input.shape);
    for (const Op& op : node.ops) check_shape(node, op.shape);
    for (const NodeInput& input : node.inputs) {
      for (EdgeId id : input.edges) {
        if (!is_edge(id)) found(node, "an input lists an edge that does not exist");
      }
    }
    for (EdgeId id : node.outgoing) {
      if (!is_edge(id)) found(node, "lists an outgoing edge that does not exist");
    }
    for (std::size_t i = 0; i < node.ops.size(); ++i) {
      for (ValueId operand : node.ops[i].operands) {
        if (operand.index >= node.inputs.size() + i) {
          found(node, "op " + std::to_string(i) + " reads a value that does not stand before it");
        }
      }
      for (ParamId id : node.ops[i].parameters) {
        if (id.index >= program_.parameters.size()) found(node, "an op has a parameter that does not exist");
      }
    }
    const bool is_function = node.kind == NodeKind::regular || node.kind == NodeKind::control;
    if (is_function && node.result.index >= node.inputs.size() + node.ops.size()) {
      found(node, "its result is not one of its values");
    }
    for (const Action& action : node.actions) {
      for (NodeId target : action.targets) {
        if (!is_node(target)) found(node, "action `" + action.name + "` has a target that does not exist");
      }
    }
  }

  void check_names() {
    std::set<std::string_view> seen;
    for (const Node& node : program_.nodes) {
      if (node.name.empty()) found("node", "has no name");
      if (!seen.insert(node.name).second) found(node, "the name is used twice");
    }
  }

  void check_kind(const Node& node) {
    const bool is_function = node.kind == NodeKind::regular || node.kind == NodeKind::control;
    const bool has_inputs = is_function || node.kind == NodeKind::output;
    if (has_inputs == node.inputs.empty()) found(node, has_inputs ? "has no input" : "must not have inputs");
    if (node.kind == NodeKind::output && node.inputs.size() > 1) found(node, "an output has one input");
    if (!is_function && !node.ops.empty()) found(node, "only regular and control nodes have ops");
    if (node.kind != NodeKind::control && !node.actions.empty()) found(node, "only control nodes have actions");
    if (node.kind != NodeKind::output && node.is_required) found(node, "only outputs are required");
    const bool is_dummy = node.kind == NodeKind::dummy;
    if (!is_dummy && !node.dummy_value.empty()) found(node, "only dummies have a value");
    if (is_dummy && node.dummy_value.size() != static_cast<std::size_t>(node.shape.elements())) {
      found(node, "its value has " + std::to_string(node.dummy_value.size()) + " elements, its shape " +
                      std::to_string(node.shape.elements()));
    }
    if (node.inputs.empty()) return;
    const Shape& carried = is_function ? value_shape(node, node.result) : node.inputs[0].shape;
    if (!(carried == node.shape)) {
      found(node, "its shape is " + node.shape.to_string() + ", but it carries " + carried.to_string());
    }
  }

  void check_inputs(const Node& node) {
    for (std::uint32_t i = 0; i < node.inputs.size(); ++i) {
      const NodeInput& input = node.inputs[i];
      const std::string which = "input " + std::to_string(i);
      if (input.edges.empty()) found(node, which + " has no edge");
      if ((input.join == Join::none) != (input.edges.size() == 1)) {
        found(node, which + " has " + std::to_string(input.edges.size()) + " edges and join " +
                        std::string(spelling(input.join)));
      }
      std::vector<Shape> carried;
      for (EdgeId id : input.edges) {
        const Edge& edge = program_[id];
        const NodeId self{static_cast<std::uint32_t>(&node - program_.nodes.data())};
        if (edge.target != self || edge.target_input != i) found(node, which + " lists an edge that feeds another");
        carried.push_back(program_[edge.source].shape);
      }
      if (carried.empty()) continue;
      const ops::ShapeResult joined = joined_shape(input.join, carried);
      if (!joined.shape || !(*joined.shape == input.shape)) {
        found(node, which + " is " + input.shape.to_string() + ", which is not the join of its edges");
      }
    }
  }

  void check_ops(const Node& node) {
    std::int64_t cost = 0;
    for (const Op& op : node.ops) {
      const std::string where = "node `" + node.name + "`, op `" + op.label + "`";
      std::vector<Shape> operands;
      for (ValueId operand : op.operands) operands.push_back(value_shape(node, operand));
      const ops::Layer& layer = *op.layer;
      const bool has_fixed_count = layer.is_in_pipelines || layer.called_with != 1;
      if (has_fixed_count ? operands.size() != layer.called_with : operands.empty()) {
        found(where, "has " + std::to_string(operands.size()) + " operands");
        continue;
      }
      const ops::ShapeResult result = ops::infer_shape(layer, op.arguments, operands);
      if (!result.shape || !(*result.shape == op.shape)) {
        found(where, "its shape " + op.shape.to_string() + " is not its layer's");
        continue;
      }
      if (layer.cost(op.arguments, operands, op.shape) != op.cost) found(where, "its cost is not its layer's");
      check_weights(where, op, layer.weights(op.arguments, operands, op.shape));
      if (__builtin_add_overflow(cost, op.cost, &cost)) found(where, "the node's cost exceeds int64");
    }
    if (cost != node.cost) found(node, "its cost is not the sum of its ops' costs");
  }

  void check_weights(const std::string& where, const Op& op, const std::vector<ops::Weight>& expected) {
    if (op.parameters.size() != expected.size()) {
      found(where, "has " + std::to_string(op.parameters.size()) + " parameters, its layer says " +
                       std::to_string(expected.size()));
      return;
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const Parameter& parameter = program_[op.parameters[i]];
      if (!(parameter.shape == expected[i].shape) || parameter.is_trained != expected[i].is_trained ||
          !parameter.name.ends_with(expected[i].name)) {
        found(where, "parameter `" + parameter.name + "` is not its layer's");
      }
    }
  }

  void check_actions(const Node& node) {
    if (node.kind != NodeKind::control) return;
    if (node.actions.size() < 2) found(node, "a control node has at least two actions");
    if (node.shape.elements() != static_cast<std::int64_t>(node.actions.size())) {
      found(node, "has " + std::to_string(node.actions.size()) + " actions and " +
                      std::to_string(node.shape.elements()) + " scores");
    }
    if (!node.outgoing.empty()) found(node, "data edges leave a control node");
    std::set<std::string_view> seen;
    for (const Action& action : node.actions) {
      if (!seen.insert(action.name).second) found(node, "action `" + action.name + "` is declared twice");
      for (NodeId target : action.targets) {
        const NodeKind kind = program_[target].kind;
        if (kind != NodeKind::regular && kind != NodeKind::dummy) {
          found(node, "action `" + action.name + "` targets the " + std::string(spelling(kind)) + " `" +
                          program_[target].name + "`");
        }
      }
    }
  }

  void check_edges() {
    std::vector<int> as_outgoing(program_.edges.size());
    std::vector<int> as_incoming(program_.edges.size());
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
      const Node& node = program_.nodes[i];
      for (EdgeId id : node.outgoing) {
        if (program_[id].source != NodeId{i}) found(node, "lists an outgoing edge that begins elsewhere");
        ++as_outgoing[id.index];
      }
      for (const NodeInput& input : node.inputs) {
        for (EdgeId id : input.edges) ++as_incoming[id.index];
      }
    }
    for (std::size_t i = 0; i < program_.edges.size(); ++i) {
      const Edge& edge = program_.edges[i];
      const Node& source = program_[edge.source];
      const std::string where = "edge `" + source.name + " -> " + program_[edge.target].name + "`";
      if (as_outgoing[i] != 1 || as_incoming[i] != 1) found(where, "is not listed once at each end");
      if (source.kind == NodeKind::output) found(where, "leaves an output");
      if (edge.fallback && edge.fallback->size() != 1 &&
          edge.fallback->size() != static_cast<std::size_t>(source.shape.elements())) {
        found(where, "its default has " + std::to_string(edge.fallback->size()) + " elements");
      }
    }
  }

  void check_parameters() {
    std::set<std::string_view> seen;
    for (const Parameter& parameter : program_.parameters) {
      if (!seen.insert(parameter.name).second) found("parameter `" + parameter.name + "`", "the name is used twice");
      if (parameter.fan_in < 1) found("parameter `" + parameter.name + "`", "its fan-in is below 1");
    }
  }

  void check_order() {
    constexpr std::size_t absent = ~std::size_t{0};
    std::vector<std::size_t> place(program_.nodes.size(), absent);
    for (std::size_t i = 0; i < program_.topological_order.size(); ++i) {
      std::size_t& slot = place[program_.topological_order[i].index];
      if (slot != absent) found("topological order", "holds a node twice");
      slot = i;
    }
    for (const Node& node : program_.nodes) {
      if (place[static_cast<std::size_t>(&node - program_.nodes.data())] == absent) {
        found(node, "is missing in the topological order");
      }
    }
    for (const Edge& edge : program_.edges) {
      if (place[edge.source.index] >= place[edge.target.index]) {
        found(program_[edge.target], "stands before its source in the topological order");
      }
    }
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
      for (const Action& action : program_.nodes[i].actions) {
        for (NodeId target : action.targets) {
          if (place[i] >= place[target.index]) found(program_[target], "stands before its control node in the order");
        }
      }
    }
  }

  void check_total_cost() {
    std::int64_t total = 0;
    for (const Node& node : program_.nodes) {
      if (node.cost < 0 || __builtin_add_overflow(total, node.cost, &total)) {
        found("program", "the sum of the nodes' costs exceeds int64");
        return;
      }
    }
  }

  bool is_output(NodeId id) const { return is_node(id) && program_[id].kind == NodeKind::output; }

  void check_train(const TrainSpec& train) {
    std::set<NodeId> seen;
    for (const OutputLoss& loss : train.losses) {
      if (!is_output(loss.output)) found("train", "a loss is of no output");
      if (!seen.insert(loss.output).second) found("train", "an output has two losses");
      if (!(loss.weight >= 0) || !std::isfinite(loss.weight)) found("train", "the weight of a loss is no weight");
    }
    std::size_t depth = 0;
    for (const RewardStep& step : train.reward) {
      const std::size_t operands = operand_count(step.code);
      if (depth < operands) return found("train", "an operator of the reward lacks an operand");
      depth += 1 - operands;
      if (depth > max_reward_depth) return found("train", "the reward is too deep");
      if (step.output.is_valid() && !is_output(step.output)) found("train", "the reward reads what is no output");
      if (!std::isfinite(step.number)) found("train", "the reward holds a number that is not finite");
    }
    if (!train.reward.empty() && depth != 1) found("train", "the reward is not one number");
  }

  const Program& program_;
  std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> verify(const Program& program) {
  return Verifier(program).run();
}

}  // namespace d2nn::graph
