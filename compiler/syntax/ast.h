// The syntax tree of a .d2nn file: what the user wrote, names unresolved, every piece with its source range.
// Covers the whole of docs/language.md. Plain data: trees of unique_ptr, no visitors; readers use std::visit or get_if.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "source/source_range.h"

namespace d2nn::ast {

using source::SourceRange;

/// A name as written. `range` covers just the name.
struct Name {
  std::string text;
  SourceRange range;
};

/// A dotted or indexed label after `as`: "stem", "layer2.0", "_" (leaves the step out).
struct Label {
  std::string text;
  SourceRange range;
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

// ---- expressions: compile-time values and pieces of network share one grammar; sema tells them apart
// -------------------

struct NumberExpr {
  double value = 0;
  bool is_integer = false;
  std::int64_t integer = 0;  // valid when is_integer; a literal beyond int64 is a syntax error
};
struct BoolExpr {
  bool value = false;
};
/// "3x3", "3x112x112": two or more integers.
struct DimsExpr {
  std::vector<std::int64_t> dims;
};
/// "[0.5, 0.5]" or nested "[[1, 0], [0, 1]]".
struct ListExpr {
  std::vector<ExprPtr> items;
};
/// A constant, a parameter, `actions`, a loop variable, a let or a tensor.
struct NameExpr {
  Name name;
};
/// "leaf[i]", "widths[2]".
struct IndexExpr {
  ExprPtr base;
  ExprPtr index;
};
/// "-x", "!x".
struct UnaryExpr {
  char op = '-';
  ExprPtr operand;
};
enum class BinaryOp {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_and,
  logical_or,
  matrix_product  // "a @ b"
};
struct BinaryExpr {
  BinaryOp op = BinaryOp::add;
  SourceRange op_range;
  ExprPtr left;
  ExprPtr right;
};
/// One argument of a call: positional when `name` is absent.
struct Argument {
  std::optional<Name> name;
  ExprPtr value;
  SourceRange range;
};
/// A layer or a block: "relu", "conv(3x3, 8, stride: 2) as stem", "heads.exit(10)", "residual(16)(x)", "concat(a, b)".
/// Without parentheses it is a NameExpr outside a pipeline and a CallExpr as a pipeline's stage.
struct CallExpr {
  std::optional<Name> module;  // before the dot
  Name callee;
  bool has_arguments = false;  // parentheses were written
  std::vector<Argument> arguments;
  std::optional<std::vector<ExprPtr>> tensors;  // second parentheses: the tensors given to a block
  std::optional<Label> label;
};
/// "repeat 9 { residual(16) } as layer2 from 1", "repeat i in 0..n { dense(widths[i]) }": a stage of a pipeline. The
/// body is a pipeline without a head.
struct RepeatExpr {
  ExprPtr count;                 // null when there is a variable
  std::optional<Name> variable;  // then the half-open range that it goes through
  ExprPtr begin;
  ExprPtr end;
  ExprPtr body;
  std::optional<Label> label;
  ExprPtr from;  // null: 0
};
/// "if wide { dense(8) } else if tall { dense(4) } else { identity }": a stage of a pipeline, or a tensor.
struct IfExpr {
  struct Branch {
    ExprPtr condition;
    ExprPtr body;  // a pipeline without a head, as in RepeatExpr
  };
  std::vector<Branch> branches;  // the first one whose condition is true is meant; at least one
  ExprPtr otherwise;             // null: what flows in
};
/// "x -> conv(3x3, 8) -> relu": what flows in, then what it flows through. Stages are CallExpr, RepeatExpr or IfExpr.
/// The parser does not know names: `head` is null when the first part is a call without second parentheses, a repeat or
/// an if (then stages[0]; the joined input flows in, or stages[0] is a value of its own: `concat(a, b)`,
/// `parameter(1x8)`), else it is the first part; a bare name there is a NameExpr that may turn out a tensor (`x ->
/// relu`) or a layer (`relu -> dense(2)`). One part alone is no pipeline.
struct PipelineExpr {
  ExprPtr head;
  std::vector<ExprPtr> stages;
};

struct Expr {
  SourceRange range;
  std::variant<NumberExpr, BoolExpr, DimsExpr, ListExpr, NameExpr, IndexExpr, UnaryExpr, BinaryExpr, CallExpr,
               RepeatExpr, IfExpr, PipelineExpr>
      value;
};

// ---- types, parameters, bodies
// ------------------------------------------------------------------------------------------

/// "f32[3, 112, 112]": the dimensions are compile-time expressions.
struct TensorType {
  std::vector<ExprPtr> dims;
  SourceRange range;
};

/// "classes: int = 2"; types: int, float, bool, dims, list.
struct Parameter {
  Name name;
  Name type;
  ExprPtr fallback;  // null: required
  SourceRange range;
};

/// "let y = x -> relu;", "let a, b, c = x -> chunk(3);"
struct Let {
  std::vector<Name> names;  // one or more
  ExprPtr value;
  SourceRange range;
};

/// Inside the braces of a node, control or block: lets, then one result (`return e;` or a bare expression).
/// `result` is null only after a syntax error or in an empty body (identity on the joined input).
struct Body {
  std::vector<Let> lets;
  ExprPtr result;
  SourceRange range;
};

// ---- declarations
// -------------------------------------------------------------------------------------------------------

/// "import std.vision;" (path = {"std", "vision"}) or "import "heads.d2nn" as heads;" (file = "heads.d2nn").
struct Import {
  std::vector<Name> path;
  std::string file;
  std::optional<Name> alias;
  SourceRange range;
};

struct Const {
  std::string doc;
  Name name;
  ExprPtr value;
  SourceRange range;
};

struct Block {
  std::string doc;
  Name name;
  std::vector<Parameter> params;
  std::vector<Name> tensors;
  Body body;
  SourceRange range;
};

struct Input {
  std::string doc;
  Name name;
  TensorType type;
  SourceRange range;
};

struct Output {
  std::string doc;
  Name name;
  TensorType type;
  std::optional<Name> join;
  bool is_required = false;
  SourceRange required_range;
  SourceRange range;
};

struct Dummy {
  std::string doc;
  Name name;
  TensorType type;
  ExprPtr value;
  SourceRange range;
};

/// A named input of a node: "left join sum".
struct NodeInput {
  Name name;
  std::optional<Name> join;
};

/// "node N2 { ... }", "control Q join sum { ... }", "node leaf[i] { ... }" inside `for`, "node N(left, right) as _ {
/// ... }".
struct Node {
  std::string doc;
  bool is_control = false;
  Name name;
  ExprPtr index;                  // family member, or null
  std::vector<NodeInput> inputs;  // empty: one unnamed input
  std::optional<Name> join;
  std::optional<Label> label;
  Body body;
  SourceRange range;
};

/// An end of an edge: "N1", "leaf[2]", "N.left", or a whole family by its bare name.
struct Endpoint {
  Name name;
  ExprPtr index;              // or null
  std::optional<Name> input;  // after the dot
  SourceRange range;
};

/// "A, B -> C -> D default 0;": hops[0] -> hops[1] -> ...; the default belongs to the last arrow, for each of its
/// targets.
struct DataEdges {
  std::vector<std::vector<Endpoint>> hops;
  std::vector<SourceRange> arrows;  // hops.size() - 1
  ExprPtr fallback;                 // the default value, or null
  SourceRange range;
};

/// "high: N2", "left: {A, B}", "stop: none", "pick[i]: expert[i]".
struct Action {
  Name name;
  ExprPtr index;                  // family member, or null
  std::vector<Endpoint> targets;  // empty: none
  SourceRange range;
};

/// "Q ~> high: N2, low: N3;"
struct ControlEdges {
  Endpoint source;
  SourceRange arrow;
  std::vector<Action> actions;
  SourceRange range;
};

/// "loss scores: cross_entropy(weight: 2);"
struct TrainLoss {
  Name output;
  ExprPtr loss;  // CallExpr or NameExpr
  SourceRange range;
};
/// "metric: f1(positive: 1);", "reward: lambda * metric + (1 - lambda) * efficiency;" and further settings by name.
struct TrainSetting {
  Name name;
  ExprPtr value;
  SourceRange range;
};
struct Train {
  std::vector<TrainLoss> losses;
  std::vector<TrainSetting> settings;
  SourceRange range;
};

struct For;
struct If;
using NetworkItem =
    std::variant<Input, Output, Dummy, Node, DataEdges, ControlEdges, Train, std::unique_ptr<For>, std::unique_ptr<If>>;

/// "for i in 0..5 { ... }": half-open.
struct For {
  Name variable;
  ExprPtr begin;
  ExprPtr end;
  std::vector<NetworkItem> items;
  SourceRange range;
};

/// "if wide { ... } else if tall { ... } else { ... }" among the declarations of a network.
struct If {
  struct Branch {
    ExprPtr condition;
    std::vector<NetworkItem> items;
  };
  std::vector<Branch> branches;  // the first one whose condition is true stands; at least one
  std::vector<NetworkItem> otherwise;
  SourceRange range;
};

/// The lists of items inside of a `for` or an `if`, in the order written; of any other item none.
inline std::vector<const std::vector<NetworkItem>*> nested_items(const NetworkItem& item) {
  std::vector<const std::vector<NetworkItem>*> lists;
  if (const auto* loop = std::get_if<std::unique_ptr<For>>(&item)) lists.push_back(&(*loop)->items);
  if (const auto* choice = std::get_if<std::unique_ptr<If>>(&item)) {
    for (const If::Branch& branch : (*choice)->branches) lists.push_back(&branch.items);
    lists.push_back(&(*choice)->otherwise);
  }
  return lists;
}

struct Network {
  std::string doc;
  Name name;
  std::vector<Parameter> params;
  std::vector<NetworkItem> items;
  SourceRange range;
};

using FileItem = std::variant<Import, Const, Block, Network>;

/// One file, declarations in the order written. After syntax errors it holds what could be read; sema is not run on it
/// then.
struct File {
  source::FileId file = 0;
  std::vector<FileItem> items;
};

}  // namespace d2nn::ast
