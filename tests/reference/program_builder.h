// Makes graph::Programs by hand for tests that must not depend on parser and sema: names, edges and ops are declared in
// any order, shapes, weights, costs and the topological order follow from the layers' definitions. The result passes
// graph::verify.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace d2nn::reference {

class ProgramBuilder {
 public:
  using NodeId = graph::NodeId;
  using ValueId = graph::ValueId;

  NodeId input(const std::string& name, ops::Shape shape);
  /// One value is broadcast to the shape.
  NodeId dummy(const std::string& name, ops::Shape shape, std::vector<float> value);
  /// With one unnamed input unless `input_count` says more (named in0, in1, ...).
  NodeId node(const std::string& name, std::size_t input_count = 1);
  NodeId control(const std::string& name, std::size_t input_count = 1);
  NodeId output(const std::string& name);

  void join(NodeId node, graph::Join join, std::uint32_t input = 0);
  graph::EdgeId edge(NodeId source, NodeId target, std::optional<std::vector<float>> fallback = std::nullopt,
                     std::uint32_t target_input = 0);
  void action(NodeId control, const std::string& name, std::vector<NodeId> targets);
  /// Appends an op, its arguments completed; without operands it reads the node's last value (its input 0 at first).
  /// The node's result is its last op.
  ValueId op(NodeId node, std::string_view layer, ops::Arguments arguments = {}, std::vector<ValueId> operands = {});

  /// The finished program; throws std::logic_error with the first broken rule (an error of the test itself).
  graph::Program finish();

 private:
  NodeId add(graph::NodeKind kind, const std::string& name, std::size_t input_count);
  void order_nodes();
  void shape_node(graph::Node& node);
  void shape_op(graph::Node& node, graph::Op& op, std::size_t ordinal);

  graph::Program program_;
};

/// Arguments of the layers that have any, so that tests read like the language.
ops::Arguments dense_attrs(std::int64_t units, bool bias = true);
ops::Arguments conv_attrs(ops::Extent kernel, std::int64_t filters, ops::Extent stride = {1, 1},
                          ops::Extent pad = {0, 0}, ops::Extent dilation = {1, 1}, std::int64_t groups = 1,
                          bool bias = true);
ops::Arguments pool_attrs(ops::Extent kernel, ops::Extent stride, ops::Extent pad = {0, 0});

}  // namespace d2nn::reference
