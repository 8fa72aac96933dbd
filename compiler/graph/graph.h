// The program as the paper has it, and nothing more: nodes, data edges, control edges, each node a list of ops.
// Everything a tool shows (drawing, paths, cost, headers) is read from here; passes, codegen and the reference
// interpreter (tests/reference) consume it.
//
// Semantics per sample (docs/language.md, "Semantics, per sample"):
//   * A node executes when none of its inputs is null and, if any action targets it, at least one such action is
//   activated;
//     otherwise it is skipped.
//   * An edge of an executed source carries its value; of a skipped source its default, else null. Inputs always have a
//     value. A dummy is a function node without inputs: it executes unless actions target it and none of them is
//     activated.
//   * An input of a node is the join of its edges: sum, mean, max, concat are null when any edge is null; first and
//   last
//     take the first or last non-null edge in order of declaration and are null when all are; one edge needs no join.
//   * An executed control node activates exactly one action (highest score, ties to the first declared); a skipped one
//   none.
//   * The cost of a sample is the sum of Node::cost over the nodes it executed.
//
// All objects are owned by the Program in vectors indexed by typed ids. sema builds it; verify.h says what must hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/ids.h"
#include "graph/train.h"
#include "ops/layer.h"
#include "source/source_range.h"

namespace d2nn::graph {

using ops::Shape;
using source::SourceRange;

enum class NodeKind : std::uint8_t { input, output, regular, control, dummy };
enum class Join : std::uint8_t { none, sum, mean, max, concat, first, last };
std::string_view spelling(NodeKind kind);
std::string_view spelling(Join join);

/// One tensor of weights of the whole network. Name, shape and layout are PyTorch's: conv [filters, in/groups, kh, kw],
/// dense [units, in]; "N2.conv1.weight".
struct Parameter {
  std::string name;
  Shape shape;
  /// What its layer says of it beside the shape: how it starts, whether it is trained and decays.
  ops::Start start = ops::Start::zeros;
  bool is_trained = true;  // false: running statistics
  bool decays = false;
  bool is_variance = false;
  std::int64_t fan_in = 1;
  double deviation = 1;
};

/// One layer application. Operands come before results: the list is in topological order.
struct Op {
  const ops::Layer* layer = nullptr;  // never null in a finished program
  ops::Arguments arguments;           // complete
  std::vector<ValueId> operands;
  Shape shape;                      // of the result
  std::vector<ParamId> parameters;  // in the order of Layer::weights
  std::string label;                // "conv1", "stem", "residual1.conv2": the parameter's name without node and role
  std::int64_t cost = 0;            // multiplications of one sample
  SourceRange range;                // of the layer as written
};

/// One input of a node, output included: the join of its edges.
struct NodeInput {
  std::string name;           // empty when the node does not name its inputs
  Join join = Join::none;     // none: exactly one edge
  std::vector<EdgeId> edges;  // in order of declaration
  Shape shape;                // after the join
};

/// One control edge: an action of its control node.
struct Action {
  std::string name;
  std::vector<NodeId> targets;  // empty: `none`
  SourceRange range;
};

struct Node {
  NodeKind kind = NodeKind::regular;
  std::string name;               // "N1", "leaf[2]"
  std::string doc;                // from `///`, may be empty
  std::vector<NodeInput> inputs;  // regular, control: one or more; output: one; input, dummy: none
  std::vector<Op> ops;            // regular and control only; may be empty (identity)
  ValueId result;                 // what the outgoing edges carry; regular and control only
  std::vector<Action> actions;    // control only, in order of declaration
  /// Control only: the action it takes wherever it executes, whatever its scores (`--fix`). Its layers still count in
  /// the cost, its scores are not looked at.
  std::optional<std::uint32_t> fixed_action;
  std::vector<float> dummy_value;  // dummy only: shape.elements() values
  bool is_required = false;        // output only
  Shape shape;                     // of the value the node carries (output: of what it reports)
  std::int64_t cost = 0;           // sum of its ops' costs
  std::vector<EdgeId> outgoing;    // data edges, in order of declaration
  SourceRange range;               // the declaration's name
};

/// A data edge. `fallback`: the default value, either one element (broadcast) or the source's shape.
struct Edge {
  NodeId source;
  NodeId target;
  std::uint32_t target_input = 0;  // index into the target's inputs
  std::optional<std::vector<float>> fallback;
  SourceRange range;  // the arrow, with both names if they are next to it
};

/// "leaf" of "leaf[2]", the member of a family; any other name is its own.
inline std::string family_of(const std::string& name) {
  return name.substr(0, name.find('['));
}

struct Program {
  std::string name;
  std::string doc;
  std::vector<Node> nodes;            // in order of declaration
  std::vector<Edge> edges;            // in order of declaration
  std::vector<Parameter> parameters;  // in order of nodes, ops, roles
  /// Every node once, sources before targets along data and control edges; ties in order of declaration.
  std::vector<NodeId> topological_order;
  /// Network parameters and their values as set, for the manifest ("classes" = "2").
  std::vector<std::pair<std::string, std::string>> settings;
  /// What `train { ... }` says, when there is such a block; the command line may override it.
  std::optional<TrainSpec> train;

  Node& operator[](NodeId id) { return nodes[id.index]; }
  const Node& operator[](NodeId id) const { return nodes[id.index]; }
  Edge& operator[](EdgeId id) { return edges[id.index]; }
  const Edge& operator[](EdgeId id) const { return edges[id.index]; }
  const Parameter& operator[](ParamId id) const { return parameters[id.index]; }
};

/// Ids of the nodes of a kind, in order of declaration.
std::vector<NodeId> nodes_of(const Program& program, NodeKind kind);
/// The control edges that reach each node: (control node, action index), indexed by NodeId::index, in order of
/// declaration.
struct Activation {
  NodeId control;
  std::uint32_t action = 0;
};
std::vector<std::vector<Activation>> activations(const Program& program);
/// Shape of a value of a node: of an input or of an op's result.
const Shape& value_shape(const Node& node, ValueId value);
/// Nodes executed on this path and what they cost: the sum of the costs of `executed` (indexed by NodeId::index).
std::int64_t path_cost(const Program& program, const std::vector<bool>& executed);

}  // namespace d2nn::graph
