// Turns what layer_rules.h says of an op into its shape or a diagnostic with notes on where the operands come from.
#include "sema/body_shapes.h"

#include <utility>

#include "sema/layer_rules.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

/// Points at what brought the shape of a value.
void note_origin(Report& report, const Draft& draft, const graph::Node& node, graph::ValueId value) {
  const std::string shape = value_shape(node, value).to_string();
  if (value.index < node.inputs.size()) {
    const graph::NodeInput& input = node.inputs[value.index];
    const std::string verb = input.join == graph::Join::none ? " brings " : " and the edges joined with it bring ";
    report.note(draft.edges[input.edges[0].index].target, draft.edge_text(input.edges[0]) + verb + shape);
    return;
  }
  const graph::Op& op = node.ops[value.index - node.inputs.size()];
  report.note(op.range, "`" + std::string(op.layer->name) + "` gives " + shape);
}

}  // namespace

void BodyShapes::infer_last_op() {
  if (!is_known_) return;
  graph::Node& node = draft_.node(id_);
  const std::size_t index = node.ops.size() - 1;
  graph::Op& op = node.ops[index];
  std::vector<ops::Shape> operands;
  for (graph::ValueId operand : op.operands) operands.push_back(value_shape(node, operand));
  LayerResult result = apply_layer(*op.layer, op.arguments, operands);
  if (!result.shape) return keep(misfit(index, result.error), index);
  if (!result.cost || __builtin_add_overflow(node.cost, *result.cost, &node.cost)) {
    Report report(code("E0308"), op.range,
                  "the multiplications of " + quoted(node.name) + " are more than 64 bits count");
    return keep(report.take(), index);
  }
  op.shape = std::move(*result.shape);
  op.cost = *result.cost;
  draft_[id_].ops[index].weights = std::move(result.weights);
}

const ops::Shape* BodyShapes::find(graph::ValueId value) const {
  const graph::Node& node = draft_.node(id_);
  const ops::Shape& shape = value_shape(node, value);
  return shape.dims.empty() ? nullptr : &shape;
}

diag::Diagnostic BodyShapes::misfit(std::size_t index, const ops::ShapeError& error) const {
  const graph::Node& node = draft_.node(id_);
  const graph::Op& op = node.ops[index];
  SourceRange place = op.range;
  if (error.param != nullptr) {
    const auto& arguments = draft_[id_].ops[index].arguments;
    const auto given = arguments.find(error.param);
    if (given != arguments.end()) place = given->second;
  }
  const diag::DiagnosticCode* code_of_error = code("E0301");
  if (error.fault == ops::ShapeFault::argument) code_of_error = code("E0304");
  if (error.fault == ops::ShapeFault::size) code_of_error = code("E0308");
  if (error.fault == ops::ShapeFault::input && !op.layer->is_in_pipelines) code_of_error = code("E0310");
  Report report(code_of_error, place, error.message);
  if (error.fault != ops::ShapeFault::argument) {
    for (graph::ValueId operand : op.operands) note_origin(report, draft_, node, operand);
  }
  report.advise(error.fix);
  return report.take();
}

void BodyShapes::keep(diag::Diagnostic mistake, std::size_t op) {
  const NodeFacts& facts = draft_[id_];
  place_at_use(mistake, facts.block_uses, facts.ops[op].use);
  mistake_ = std::move(mistake);
  is_known_ = false;
}

}  // namespace d2nn::sema
