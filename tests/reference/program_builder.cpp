#include "reference/program_builder.h"

#include <algorithm>
#include <stdexcept>

#include "graph/verify.h"

namespace d2nn::reference {

using graph::EdgeId;
using graph::NodeKind;

ProgramBuilder::NodeId ProgramBuilder::add(NodeKind kind, const std::string& name, std::size_t input_count) {
  graph::Node node;
  node.kind = kind;
  node.name = name;
  for (std::size_t i = 0; i < input_count; ++i) {
    graph::NodeInput input;
    if (input_count > 1) input.name = "in" + std::to_string(i);
    node.inputs.push_back(std::move(input));
  }
  if (kind == NodeKind::regular || kind == NodeKind::control) node.result = ValueId{0};
  program_.nodes.push_back(std::move(node));
  return NodeId{static_cast<std::uint32_t>(program_.nodes.size() - 1)};
}

ProgramBuilder::NodeId ProgramBuilder::input(const std::string& name, ops::Shape shape) {
  const NodeId id = add(NodeKind::input, name, 0);
  program_[id].shape = std::move(shape);
  return id;
}

ProgramBuilder::NodeId ProgramBuilder::dummy(const std::string& name, ops::Shape shape, std::vector<float> value) {
  const NodeId id = add(NodeKind::dummy, name, 0);
  if (value.size() == 1) value.resize(static_cast<std::size_t>(shape.elements()), value[0]);
  program_[id].shape = std::move(shape);
  program_[id].dummy_value = std::move(value);
  return id;
}

ProgramBuilder::NodeId ProgramBuilder::node(const std::string& name, std::size_t input_count) {
  return add(NodeKind::regular, name, input_count);
}
ProgramBuilder::NodeId ProgramBuilder::control(const std::string& name, std::size_t input_count) {
  return add(NodeKind::control, name, input_count);
}
ProgramBuilder::NodeId ProgramBuilder::output(const std::string& name) {
  return add(NodeKind::output, name, 1);
}

void ProgramBuilder::join(NodeId node, graph::Join join, std::uint32_t input) {
  program_[node].inputs[input].join = join;
}

EdgeId ProgramBuilder::edge(NodeId source, NodeId target, std::optional<std::vector<float>> fallback,
                            std::uint32_t target_input) {
  const EdgeId id{static_cast<std::uint32_t>(program_.edges.size())};
  program_.edges.push_back({source, target, target_input, std::move(fallback), {}});
  program_[source].outgoing.push_back(id);
  program_[target].inputs[target_input].edges.push_back(id);
  return id;
}

void ProgramBuilder::action(NodeId control, const std::string& name, std::vector<NodeId> targets) {
  program_[control].actions.push_back({name, std::move(targets), {}});
}

ProgramBuilder::ValueId ProgramBuilder::op(NodeId node, std::string_view layer, ops::Arguments arguments,
                                           std::vector<ValueId> operands) {
  graph::Op op;
  op.layer = &ops::layer(layer);
  op.arguments = ops::complete(op.layer->params, std::move(arguments));
  const bool takes_result = operands.empty() && op.layer->called_with > 0;
  op.operands = takes_result ? std::vector<ValueId>{program_[node].result} : std::move(operands);
  program_[node].ops.push_back(std::move(op));
  const std::size_t value = program_[node].inputs.size() + program_[node].ops.size() - 1;
  return program_[node].result = ValueId{static_cast<std::uint32_t>(value)};
}

void ProgramBuilder::order_nodes() {
  const auto activating = graph::activations(program_);
  std::vector<bool> placed(program_.nodes.size());
  const auto is_ready = [&](std::uint32_t index) {
    for (const graph::NodeInput& input : program_.nodes[index].inputs) {
      for (EdgeId edge : input.edges) {
        if (!placed[program_[edge].source.index]) return false;
      }
    }
    return std::all_of(activating[index].begin(), activating[index].end(),
                       [&](const graph::Activation& activation) { return bool(placed[activation.control.index]); });
  };
  while (program_.topological_order.size() < program_.nodes.size()) {
    std::uint32_t next = 0;
    while (next < placed.size() && (placed[next] || !is_ready(next))) ++next;
    if (next == placed.size()) throw std::logic_error("the program built by hand has a cycle");
    placed[next] = true;
    program_.topological_order.push_back({next});
  }
}

void ProgramBuilder::shape_op(graph::Node& node, graph::Op& op, std::size_t ordinal) {
  const ops::Layer& layer = *op.layer;
  std::vector<ops::Shape> operands;
  for (ValueId operand : op.operands) operands.push_back(graph::value_shape(node, operand));
  const ops::ShapeResult shape = ops::infer_shape(layer, op.arguments, operands);
  if (!shape.shape) throw std::logic_error(node.name + ": " + shape.error.message);
  op.shape = *shape.shape;
  op.cost = layer.cost(op.arguments, operands, op.shape).value();
  op.label = layer.name + std::to_string(ordinal);
  for (const ops::Weight& weight : layer.weights(op.arguments, operands, op.shape)) {
    graph::Parameter parameter;
    parameter.name = node.name + "." + op.label + "." + weight.name;
    if (*weight.name == '\0') parameter.name.pop_back();
    parameter.shape = weight.shape;
    parameter.start = weight.start;
    parameter.is_trained = weight.is_trained;
    parameter.decays = weight.decays;
    parameter.is_variance = weight.is_variance;
    parameter.fan_in = weight.fan_in;
    parameter.deviation = weight.deviation;
    op.parameters.push_back({static_cast<std::uint32_t>(program_.parameters.size())});
    program_.parameters.push_back(std::move(parameter));
  }
  node.cost += op.cost;
}

void ProgramBuilder::shape_node(graph::Node& node) {
  for (graph::NodeInput& input : node.inputs) {
    if (input.edges.empty()) throw std::logic_error(node.name + " has an input without an edge");
    input.shape = program_[program_[input.edges[0]].source].shape;
    for (std::size_t i = 1; i < input.edges.size() && input.join == graph::Join::concat; ++i) {
      input.shape.dims[0] += program_[program_[input.edges[i]].source].shape.dims[0];
    }
  }
  for (std::size_t i = 0; i < node.ops.size(); ++i) {
    // Only the ops shaped so far may be asked for their shapes; value_shape reads earlier ones.
    const auto same_kind = std::count_if(node.ops.begin(), node.ops.begin() + static_cast<std::ptrdiff_t>(i),
                                         [&](const graph::Op& other) { return other.layer == node.ops[i].layer; });
    shape_op(node, node.ops[i], static_cast<std::size_t>(same_kind) + 1);
  }
  if (node.kind == NodeKind::output) node.shape = node.inputs[0].shape;
  if (node.kind == NodeKind::regular || node.kind == NodeKind::control) {
    node.shape = graph::value_shape(node, node.result);
  }
}

graph::Program ProgramBuilder::finish() {
  program_.name = "built_by_hand";
  order_nodes();
  // Shapes need topological order, parameters that of declaration: shape first, then number the parameters anew.
  for (NodeId id : program_.topological_order) shape_node(program_[id]);
  std::vector<graph::Parameter> in_order;
  for (graph::Node& node : program_.nodes) {
    for (graph::Op& op : node.ops) {
      for (graph::ParamId& parameter : op.parameters) {
        in_order.push_back(program_[parameter]);
        parameter = {static_cast<std::uint32_t>(in_order.size() - 1)};
      }
    }
  }
  program_.parameters = std::move(in_order);
  if (const auto broken = graph::verify(program_); !broken.empty()) throw std::logic_error(broken.front());
  return std::move(program_);
}

ops::Arguments dense_attrs(std::int64_t units, bool bias) {
  ops::Arguments arguments;
  arguments.set("units", units);
  arguments.set("bias", bias);
  return arguments;
}

ops::Arguments conv_attrs(ops::Extent kernel, std::int64_t filters, ops::Extent stride, ops::Extent pad,
                          ops::Extent dilation, std::int64_t groups, bool bias) {
  ops::Arguments arguments;
  arguments.set("kernel", kernel);
  arguments.set("filters", filters);
  arguments.set("stride", stride);
  arguments.set("pad", pad);
  arguments.set("dilation", dilation);
  arguments.set("groups", groups);
  arguments.set("bias", bias);
  return arguments;
}

ops::Arguments pool_attrs(ops::Extent kernel, ops::Extent stride, ops::Extent pad) {
  ops::Arguments arguments;
  arguments.set("kernel", kernel);
  arguments.set("stride", stride);
  arguments.set("pad", pad);
  return arguments;
}

}  // namespace d2nn::reference
