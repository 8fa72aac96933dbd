// A cascade of two stages whose first head always executes, though only where the cascade stops is it needed.
#pragma once

#include <string>

#include "passes/plan.h"
#include "paths/uses.h"
#include "reference/program_builder.h"

namespace d2nn::tests {

/// stem -> head, Q; Q ~> stop: none, go: next; y = last(head, next). head costs 8 * 2 multiplications.
inline graph::Program cascade() {
  using graph::NodeId;
  reference::ProgramBuilder builder;
  const NodeId x = builder.input("x", ops::Shape{8});
  const NodeId stem = builder.node("stem");
  const NodeId head = builder.node("head");
  const NodeId next = builder.node("next");
  const NodeId control = builder.control("Q");
  const NodeId y = builder.output("y");
  builder.op(stem, "dense", reference::dense_attrs(8));
  builder.op(head, "dense", reference::dense_attrs(2));
  builder.op(next, "dense", reference::dense_attrs(2));
  builder.op(control, "dense", reference::dense_attrs(2));
  builder.edge(x, stem);
  builder.edge(stem, head);
  builder.edge(stem, control);
  builder.edge(x, next);
  builder.edge(head, y);
  builder.edge(next, y);
  builder.join(y, graph::Join::last);
  builder.action(control, "stop", {});
  builder.action(control, "go", {next});
  return builder.finish();
}

/// x -> A, B, Q; y = sum(A default 0, B default 0); Q ~> a: A, b: B.
inline graph::Program choice() {
  using graph::NodeId;
  reference::ProgramBuilder builder;
  const NodeId x = builder.input("x", ops::Shape{8});
  const NodeId a = builder.node("A");
  const NodeId b = builder.node("B");
  const NodeId control = builder.control("Q");
  const NodeId after = builder.node("after");
  const NodeId y = builder.output("y");
  builder.op(a, "dense", reference::dense_attrs(4));
  builder.op(b, "dense", reference::dense_attrs(4));
  builder.op(control, "dense", reference::dense_attrs(2));
  builder.op(after, "dense", reference::dense_attrs(2));
  builder.edge(x, a);
  builder.edge(x, b);
  builder.edge(x, control);
  builder.edge(a, after, std::vector<float>{0});
  builder.edge(b, after, std::vector<float>{0});
  builder.join(after, graph::Join::sum);
  builder.edge(after, y);
  builder.action(control, "a", {a});
  builder.action(control, "b", {b});
  return builder.finish();
}

/// x -> A, B; y = sum(A, B): no row leaves one of them out.
inline graph::Program parallel() {
  using graph::NodeId;
  reference::ProgramBuilder builder;
  const NodeId x = builder.input("x", ops::Shape{8});
  const NodeId a = builder.node("A");
  const NodeId b = builder.node("B");
  const NodeId after = builder.node("after");
  const NodeId y = builder.output("y");
  for (const NodeId branch : {a, b}) {
    builder.op(branch, "dense", reference::dense_attrs(4));
    builder.edge(x, branch);
  }
  builder.op(after, "dense", reference::dense_attrs(2));
  builder.edge(a, after);
  builder.edge(b, after);
  builder.join(after, graph::Join::sum);
  builder.edge(after, y);
  return builder.finish();
}

inline graph::NodeId node_named(const graph::Program& program, const std::string& name) {
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    if (program.nodes[i].name == name) return {i};
  }
  return {};
}

/// A plan of inference by all passes of the set.
inline passes::Plan plan(const graph::Program& program, const passes::PassSet& passes = {},
                         const passes::Observer& observe = {}) {
  const paths::Uses uses = paths::find_uses(program, passes::needs_conditional_uses(passes));
  return passes::plan_inference(program, uses, passes, observe);
}

}  // namespace d2nn::tests
