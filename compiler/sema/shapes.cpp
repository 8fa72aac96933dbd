// Walks the nodes in topological order; every rule and number comes from the definitions of the layers.
#include "sema/shapes.h"

#include <set>

#include "sema/report.h"

namespace d2nn::sema {
namespace {

using graph::EdgeId;
using graph::Join;
using graph::Node;
using graph::NodeId;
using graph::NodeKind;
using ops::Shape;

class ShapeInference {
 public:
  ShapeInference(Draft& draft, diag::Sink& sink) : draft_(draft), sink_(sink) {}

  void run() {
    for (NodeId id : draft_.program.topological_order) {
      const NodeKind kind = draft_.node(id).kind;
      if (kind == NodeKind::input || kind == NodeKind::dummy) continue;
      const bool has_inputs = infer_inputs(id);
      if (kind == NodeKind::output) {
        if (has_inputs && draft_[id].has_shape) check_output(id);
      } else {
        draft_[id].has_shape = has_inputs && infer_body(id);
      }
    }
    check_defaults();
    check_total_cost();
  }

 private:
  /// False when a source's shape is unknown or the edges cannot be joined.
  bool infer_inputs(NodeId id) {
    Node& node = draft_.node(id);
    bool is_well = true;
    for (graph::NodeInput& input : node.inputs) {
      const bool is_joined = input.edges.size() > 1;
      bool is_known = !input.edges.empty() && (!is_joined || input.join != Join::none);
      for (EdgeId edge : input.edges) is_known = is_known && draft_[draft_.program[edge].source].has_shape;
      is_well = is_known && join_shapes(input) && is_well;
    }
    return is_well;
  }

  const Shape& source_shape(EdgeId edge) { return draft_.node(draft_.program[edge].source).shape; }

  bool join_shapes(graph::NodeInput& input) {
    Shape joined = source_shape(input.edges[0]);
    const bool is_concat = input.join == Join::concat;
    const ops::Layer& rule = ops::layer(is_concat ? "concat" : "add");
    for (std::size_t i = 1; i < input.edges.size(); ++i) {
      const EdgeId edge = input.edges[i];
      const std::vector<Shape> pair{joined, source_shape(edge)};
      const ops::ShapeResult result = ops::infer_shape(rule, {}, pair);
      if (result.shape) {
        joined = *result.shape;
        continue;
      }
      if (result.error.fault == ops::ShapeFault::size) {
        Report(code("E0308"), draft_[edge].source,
               "in the join of " + draft_.edge_text(edge) + ", " + result.error.message)
            .to(sink_);
        return false;
      }
      Report(code("E0302"), draft_[edge].source,
             draft_.edge_text(edge) + " carries " + pair[1].to_string() + ", but `join " +
                 std::string(spelling(input.join)) + "` has " + pair[0].to_string() + " so far")
          .note(draft_[input.edges[0]].source,
                draft_.edge_text(input.edges[0]) + " carries " + source_shape(input.edges[0]).to_string())
          .advise(is_concat ? "all dimensions but the first must be equal" : "")
          .to(sink_);
      return false;
    }
    input.shape = std::move(joined);
    return true;
  }

  bool infer_body(NodeId id) {
    Node& node = draft_.node(id);
    if (!draft_[id].has_body) return false;
    for (std::size_t i = 0; i < node.ops.size(); ++i) {
      if (!infer_op(id, i)) return false;
    }
    node.shape = value_shape(node, node.result);
    return node.kind != NodeKind::control || check_scores(id);
  }

  bool infer_op(NodeId id, std::size_t index) {
    Node& node = draft_.node(id);
    graph::Op& op = node.ops[index];
    std::vector<Shape> operands;
    for (graph::ValueId operand : op.operands) operands.push_back(value_shape(node, operand));
    ops::ShapeResult result = ops::infer_shape(*op.layer, op.arguments, operands);
    if (!result.shape) {
      report_layer(id, index, result.error);
      return false;
    }
    const std::optional<std::int64_t> cost = op.layer->cost(op.arguments, operands, *result.shape);
    if (!cost || __builtin_add_overflow(node.cost, *cost, &node.cost)) {
      Report report(code("E0308"), op.range,
                    "the multiplications of " + quoted(node.name) + " are more than 64 bits count");
      tell(id, index, report);
      return false;
    }
    op.shape = std::move(*result.shape);
    op.cost = *cost;
    return true;
  }

  void report_layer(NodeId id, std::size_t index, const ops::ShapeError& error) {
    const Node& node = draft_.node(id);
    const graph::Op& op = node.ops[index];
    SourceRange place = op.range;
    if (error.param != nullptr) {
      const auto& arguments = draft_[id].ops[index].arguments;
      const auto given = arguments.find(error.param);
      if (given != arguments.end()) place = given->second;
    }
    const diag::DiagnosticCode* code_of_error = code("E0301");
    if (error.fault == ops::ShapeFault::argument) code_of_error = code("E0304");
    if (error.fault == ops::ShapeFault::size) code_of_error = code("E0308");
    if (error.fault == ops::ShapeFault::input && !op.layer->is_in_pipelines) code_of_error = code("E0310");
    Report report(code_of_error, place, error.message);
    if (error.fault != ops::ShapeFault::argument) {
      for (graph::ValueId operand : op.operands) note_origin(report, node, operand);
    }
    report.advise(error.fix);
    tell(id, index, report);
  }

  /// Reports what is wrong with an op; the op of a block at the block's use.
  void tell(NodeId id, std::size_t index, Report& report) {
    const NodeFacts& facts = draft_[id];
    diag::Diagnostic diagnostic = report.take();
    place_at_use(diagnostic, facts.block_uses, facts.ops[index].use);
    sink_.report(std::move(diagnostic));
  }

  /// Points at what brought the shape of a value.
  void note_origin(Report& report, const Node& node, graph::ValueId value) {
    const std::string shape = value_shape(node, value).to_string();
    if (value.index < node.inputs.size()) {
      const graph::NodeInput& input = node.inputs[value.index];
      const std::string verb = input.join == Join::none ? " brings " : " and the edges joined with it bring ";
      report.note(draft_[input.edges[0]].target, draft_.edge_text(input.edges[0]) + verb + shape);
      return;
    }
    const graph::Op& op = node.ops[value.index - node.inputs.size()];
    report.note(op.range, "`" + std::string(op.layer->name) + "` gives " + shape);
  }

  bool check_scores(NodeId id) {
    const Node& node = draft_.node(id);
    const auto actions = static_cast<std::int64_t>(node.actions.size());
    if (node.shape.elements() == actions || draft_[id].has_action_errors) return true;
    const bool is_op = node.result.index >= node.inputs.size();
    const std::size_t op = node.result.index - node.inputs.size();
    const SourceRange place = is_op ? node.ops[op].range : node.range;
    Report report(code("E0505"), place,
                  quoted(node.name) + " gives " + counted(static_cast<std::size_t>(node.shape.elements()), "score") +
                      ", but has " + counted(node.actions.size(), "action"));
    report.note(draft_[id].control_edges, "its actions are declared here").advise("end the body with `dense(actions)`");
    is_op ? tell(id, op, report) : report.to(sink_);
    return false;
  }

  void check_output(NodeId id) {
    const Node& node = draft_.node(id);
    const graph::NodeInput& input = node.inputs[0];
    if (input.shape == node.shape) return;
    const EdgeId edge = input.edges[0];
    const SourceRange type = draft_[id].output->type.range;
    const std::string what = "the output " + quoted(node.name) + " is " + node.shape.to_string();
    if (input.join == Join::concat) {
      Report(code("E0302"), type, what + ", but its edges join to " + input.shape.to_string())
          .note(draft_[edge].source, draft_.edge_text(edge) + " is the first of them")
          .to(sink_);
      return;
    }
    Report(code("E0302"), draft_[edge].source,
           draft_.edge_text(edge) + " carries " + input.shape.to_string() + ", but " + what)
        .note(type, "its type is declared here")
        .to(sink_);
  }

  void check_defaults() {
    std::set<const ast::Expr*> reported;  // one literal may serve several edges
    for (std::uint32_t i = 0; i < draft_.edges.size(); ++i) {
      const EdgeFacts& facts = draft_.edges[i];
      const graph::Edge& edge = draft_.program.edges[i];
      if (!facts.literal || facts.literal->dims.empty() || !draft_[edge.source].has_shape) continue;
      const Shape& shape = draft_.node(edge.source).shape;
      if (facts.literal->dims == shape.dims || !reported.insert(facts.fallback).second) continue;
      Report(code("E0306"), facts.fallback->range,
             "the default value is " + Shape(facts.literal->dims).to_string() + ", but " + draft_.edge_text(EdgeId{i}) +
                 " carries " + shape.to_string())
          .note(facts.target, draft_.edge_text(EdgeId{i}) + " is declared here")
          .advise("a single number stands for every element")
          .to(sink_);
    }
  }

  void check_total_cost() {
    std::int64_t total = 0;
    for (const Node& node : draft_.program.nodes) {
      if (!__builtin_add_overflow(total, node.cost, &total)) continue;
      Report(code("E0308"), draft_.network.name.range,
             "the multiplications of " + quoted(draft_.network.name.text) + " are more than 64 bits count")
          .to(sink_);
      return;
    }
  }

  Draft& draft_;
  diag::Sink& sink_;
};

}  // namespace

void infer_shapes(Draft& draft, diag::Sink& sink) {
  ShapeInference(draft, sink).run();
}

}  // namespace d2nn::sema
