// Joins follow the rule of graph/join_shape.h.
#include "sema/shapes.h"

#include <array>
#include <set>

#include "graph/join_shape.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

using graph::EdgeId;
using graph::Join;
using graph::Node;
using graph::NodeId;
using ops::Shape;

const Shape& source_shape(const Draft& draft, EdgeId edge) {
  return draft.program[draft.program[edge].source].shape;
}

bool join_shapes(const Draft& draft, graph::NodeInput& input, diag::Sink& sink) {
  Shape joined = source_shape(draft, input.edges[0]);
  const bool is_concat = input.join == Join::concat;
  for (std::size_t i = 1; i < input.edges.size(); ++i) {
    const EdgeId edge = input.edges[i];
    const std::array<Shape, 2> pair{joined, source_shape(draft, edge)};
    ops::ShapeResult result = graph::joined_shape(input.join, pair);
    if (result.shape) {
      joined = std::move(*result.shape);
      continue;
    }
    if (result.error.fault == ops::ShapeFault::size) {
      Report(code("E0308"), draft.edges[edge.index].source,
             "in the join of " + draft.edge_text(edge) + ", " + result.error.message)
          .about({draft.family_of(edge), result.error.message})
          .to(sink);
      return false;
    }
    Report(code("E0302"), draft.edges[edge.index].source,
           draft.edge_text(edge) + " carries " + pair[1].to_string() + ", but `join " +
               std::string(spelling(input.join)) + "` has " + pair[0].to_string() + " so far")
        .about({draft.family_of(edge), pair[1].to_string(), pair[0].to_string()})
        .note(draft.edges[input.edges[0].index].source,
              draft.edge_text(input.edges[0]) + " carries " + source_shape(draft, input.edges[0]).to_string())
        .advise(is_concat ? "all dimensions but the first must be equal" : "")
        .to(sink);
    return false;
  }
  input.shape = std::move(joined);
  return true;
}

void check_defaults(const Draft& draft, diag::Sink& sink) {
  std::set<const ast::Expr*> reported;  // one literal may serve several edges
  for (std::uint32_t i = 0; i < draft.edges.size(); ++i) {
    const EdgeFacts& facts = draft.edges[i];
    const NodeId source = draft.program.edges[i].source;
    if (!facts.literal || facts.literal->dims.empty() || !draft.nodes[source.index].has_shape) continue;
    const Shape& shape = draft.program[source].shape;
    if (facts.literal->dims == shape.dims || !reported.insert(facts.fallback).second) continue;
    Report(code("E0306"), facts.fallback->range,
           "the default value is " + Shape(facts.literal->dims).to_string() + ", but " + draft.edge_text(EdgeId{i}) +
               " carries " + shape.to_string())
        .about({draft.family_of(EdgeId{i}), Shape(facts.literal->dims).to_string(), shape.to_string()})
        .note(facts.target, draft.edge_text(EdgeId{i}) + " is declared here")
        .advise("a single number stands for every element")
        .to(sink);
  }
}

void check_total_cost(const Draft& draft, diag::Sink& sink) {
  std::int64_t total = 0;
  for (const Node& node : draft.program.nodes) {
    if (!__builtin_add_overflow(total, node.cost, &total)) continue;
    Report(code("E0308"), draft.network.name.range,
           "the multiplications of " + quoted(draft.network.name.text) + " are more than 64 bits count")
        .to(sink);
    return;
  }
}

}  // namespace

bool join_inputs(Draft& draft, NodeId id, diag::Sink& sink) {
  bool is_well = true;
  for (graph::NodeInput& input : draft.node(id).inputs) {
    bool is_known = !input.edges.empty() && (input.edges.size() == 1 || input.join != Join::none);
    for (EdgeId edge : input.edges) is_known = is_known && draft[draft.program[edge].source].has_shape;
    is_well = is_known && join_shapes(draft, input, sink) && is_well;
  }
  return is_well;
}

void check_output(const Draft& draft, NodeId id, diag::Sink& sink) {
  const Node& node = draft.program[id];
  const graph::NodeInput& input = node.inputs[0];
  if (input.shape == node.shape) return;
  const EdgeId edge = input.edges[0];
  const SourceRange type = draft.nodes[id.index].output->type.range;
  const std::string what = "the output " + quoted(node.name) + " is " + node.shape.to_string();
  if (input.join == Join::concat) {
    Report(code("E0302"), type, what + ", but its edges join to " + input.shape.to_string())
        .note(draft.edges[edge.index].source, draft.edge_text(edge) + " is the first of them")
        .to(sink);
    return;
  }
  Report(code("E0302"), draft.edges[edge.index].source,
         draft.edge_text(edge) + " carries " + input.shape.to_string() + ", but " + what)
      .about({draft.family_of(edge), input.shape.to_string()})
      .note(type, "its type is declared here")
      .to(sink);
}

void check_defaults_and_cost(const Draft& draft, diag::Sink& sink) {
  check_defaults(draft, sink);
  check_total_cost(draft, sink);
}

}  // namespace d2nn::sema
