// A network while it is being checked: the Program as far as it is built, and for each of its nodes and edges what only
// the text tells (where it was written, what was wrong with it). Steps fill it in the order of check.cpp;
// each step says what it needs and adds. A node that is wrong is marked and stays silent in later steps: one mistake,
// one error.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "graph/graph.h"
#include "sema/constants.h"
#include "syntax/ast.h"

namespace d2nn::sema {

/// An input of a node as declared.
struct InputFacts {
  graph::Join join = graph::Join::none;  // as written, even when there is but one edge
  SourceRange range;                     // of its name, or of the node's
  bool has_wrong_join = false;           // no join of that name: what it does with its edges is unknown
};

/// One use of a block in a body: what its layers go back to.
struct BlockUse {
  std::string block;
  SourceRange range;            // of the call
  std::int32_t outer = no_use;  // the use whose body contains the call
  static constexpr std::int32_t no_use = -1;
};

/// An op as written.
struct OpFacts {
  SourceRange name;                     // of its label, or the layer where it has none
  std::int32_t use = BlockUse::no_use;  // index into NodeFacts::block_uses; no_use: it is in the node's own body
  /// Where each argument stands that was given, by the parameter's name; blame for what a shape rule refuses.
  std::map<std::string, SourceRange> arguments;
  std::vector<ops::Weight> weights;  // once its shape is known
};

struct NodeFacts {
  const ast::Node* node = nullptr;      // regular, control
  const ast::Output* output = nullptr;  // output
  std::vector<InputFacts> inputs;
  std::vector<OpFacts> ops;
  std::vector<BlockUse> block_uses;
  const ConstantScope* scope = nullptr;  // what its body sees: the network's names, or those of a round of a loop
  bool is_silenced = false;              // its edges are wrong: nothing that follows from them is reported
  bool has_shape = false;                // the shape is known and everything about it is right
  /// Where its name stands in its first control edge; empty when it has none.
  SourceRange control_edges;
  /// Where the names of each action's targets stand.
  std::vector<std::vector<SourceRange>> action_targets;
  bool has_action_errors = false;  // a target or action was refused: the count of actions means nothing
};

struct EdgeFacts {
  SourceRange source;  // the name before the arrow
  SourceRange target;  // the name behind it
  SourceRange arrow;
  const ast::Expr* fallback = nullptr;
  std::optional<TensorLiteral> literal;  // its value, when it has one
};

enum class DeclaredKind { input, output, node, control, dummy, family, parameter };
/// "input", "control node", "family".
std::string kind_text(DeclaredKind kind);

/// What a name of the network stands for.
struct Declared {
  SourceRange range;
  DeclaredKind kind = DeclaredKind::node;
  std::optional<graph::NodeId> node;                   // nothing: a parameter or a family
  std::map<std::int64_t, graph::NodeId> members = {};  // of a family, by index
  bool is_doubled = false;                             // declared again as something else

  bool is_family() const { return kind == DeclaredKind::family; }
};

/// A declaration or edges of the network as one round of its loops sees it.
struct Item {
  const ast::NetworkItem* item = nullptr;
  const ConstantScope* scope = nullptr;
};

struct Draft {
  const ast::Network& network;
  graph::Program program;
  std::vector<NodeFacts> nodes;  // by NodeId
  std::vector<EdgeFacts> edges;  // by EdgeId
  std::map<std::string, Declared> names;
  std::deque<ConstantScope> loop_scopes;              // addresses are stable
  std::vector<Item> items;                            // with loops and `if` written out
  std::map<std::string, SourceRange> empty_families;  // named in loops that have no round, or in branches not taken
  std::map<std::string, SourceRange> left_out;        // declared in branches of `if` that are not taken
  ConstantScope constants;                            // parameters, and the network's names as what they are
  /// False when an edge was lost because of a wrong or unavailable name: rules about what is missing then say nothing.
  bool has_all_edges = true;

  Draft(const ast::Network& ast, const ConstantScope& file_constants) : network(ast), constants(&file_constants) {}
  Draft(const Draft&) = delete;  // scopes refer to `constants`
  Draft& operator=(const Draft&) = delete;

  NodeFacts& operator[](graph::NodeId id) { return nodes[id.index]; }
  EdgeFacts& operator[](graph::EdgeId id) { return edges[id.index]; }
  graph::Node& node(graph::NodeId id) { return program[id]; }
  /// The node as a diagnostic's subject: the family of a member, else its name.
  std::string family_of(graph::NodeId id) const { return graph::family_of(program[id].name); }
  /// The same of an edge: "leaf -> N2.left".
  std::string family_of(graph::EdgeId id) const {
    const graph::Edge& edge = program[id];
    const std::string& input = program[edge.target].inputs[edge.target_input].name;
    return family_of(edge.source) + " -> " + family_of(edge.target) + (input.empty() ? "" : "." + input);
  }
  /// "`N1 -> N2`".
  std::string edge_text(graph::EdgeId id) const {
    const graph::Edge& edge = program[id];
    const graph::Node& target = program[edge.target];
    const std::string& input = target.inputs[edge.target_input].name;
    return "`" + program[edge.source].name + " -> " + target.name + (input.empty() ? "" : "." + input) + "`";
  }
};

/// Says of a mistake in a block that it is one of the use: the use becomes its place, where it was found a note. Fixes
/// of the block's text become advice. `use` may be no_use: nothing changes.
void place_at_use(diag::Diagnostic& diagnostic, const std::vector<BlockUse>& uses, std::int32_t use);

/// What a node is in sentences: "input", "output", "node", "control node", "dummy".
std::string kind_text(graph::NodeKind kind);

}  // namespace d2nn::sema
