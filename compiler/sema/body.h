// A body being elaborated: its expressions over tensors become ops of a node. `->` applies a layer or block, operators
// and concat(...) combine, `let` names a tensor, a block or a round of `repeat` is a body of its own inside the outer
// one. Used by elaborate.cpp only; body.cpp has the expressions, operators.cpp arithmetic,
// calls.cpp blocks and repetitions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sema/body_shapes.h"
#include "sema/draft.h"
#include "sema/modules.h"

namespace d2nn::sema {

/// A tensor of a body; nothing after an error, which was reported, or where only the text of a block is checked.
using Tensor = std::optional<graph::ValueId>;

struct NamedTensor {
  Tensor value;
  SourceRange range;
  bool is_let = false;
  bool is_read = false;
};

/// What one body sees: a node's, a block's or one round of a `repeat`.
struct BodyScope {
  explicit BodyScope(const ConstantScope* outer_constants) : constants(outer_constants) {}

  const Module* module = nullptr;
  BodyScope* outer = nullptr;  // of a round: the body around it, whose tensors it sees
  ConstantScope constants;
  std::map<std::string, NamedTensor> tensors;
  std::optional<Tensor> flow;  // what flows in where a pipeline begins with a layer; nothing: inputs have names
  SourceRange flow_owner;      // then the name of what has named inputs
  std::string owner;           // and its name
  std::string first_input;     // the first of them, for advice
  std::optional<std::int64_t> actions;
  std::string steps;                    // of labels, to here: "residual1", "layer1.0"
  std::int32_t use = BlockUse::no_use;  // the use of a block that this body belongs to
  std::map<std::string, std::size_t> layer_ordinals{};
  std::map<std::string, std::size_t> other_ordinals{};  // of blocks by name, and of "repeat"

  /// `shape`: null when it is unknown. False when the body has a tensor of that name already, which stays.
  bool declare_tensor(const std::string& name, const NamedTensor& tensor, const ops::Shape* shape);
};

/// How far a program may grow; shared by all bodies of a network.
struct BodyLimits {
  std::size_t layers = 0;  // written so far
  std::size_t uses = 0;    // of blocks and rounds of `repeat`
  bool is_reached = false;
};

/// What the check of a block's own text finds beside mistakes.
struct TextCheck {
  std::vector<const ast::Block*> calls;  // blocks that it uses
};

class BodyElaborator {
 public:
  /// Appends to `node` and `facts`; `shapes` is told of every op. `text_check`: null, or the text of a block is checked
  /// and `shapes` is null: no tensor has a value and blocks that are called are not entered.
  BodyElaborator(graph::Node& node, NodeFacts& facts, BodyLimits& limits, diag::Sink& sink, BodyShapes* shapes,
                 TextCheck* text_check)
      : node_(node), facts_(facts), limits_(limits), sink_(&sink), shapes_(shapes), text_check_(text_check) {}

  /// The result of a body in `scope`, which holds its tensors already. `is_written`: the text is the user's at this
  /// place, so that tensors that nothing reads are worth a warning (of a block they are found when its text is
  /// checked).
  Tensor body(const ast::Body& body, BodyScope& scope, bool is_written);
  /// "chunk(3)", unless a block is named so.
  static bool is_chunk(const ast::CallExpr& call);

 private:
  // body.cpp
  Tensor tensor(const ast::Expr& expr);
  /// The first `stages` stages of a pipeline.
  Tensor pipeline(const ast::PipelineExpr& pipe, SourceRange range, std::size_t stages);
  Tensor name_value(const ast::Name& name);
  Tensor concat(const ast::CallExpr& call, SourceRange range);
  Tensor apply_layer(const ops::Layer& layer, const ast::CallExpr& call, const std::vector<Tensor>& inputs,
                     SourceRange range);
  Tensor joined_input(SourceRange range);
  /// The shape of a tensor as far as it is known; else null.
  const ops::Shape* shape_of(const Tensor& tensor) const;
  /// Of compile-time values in the body at hand.
  Evaluator evaluator() const;
  Tensor append(const ops::Layer& layer, ops::Arguments arguments, std::vector<graph::ValueId> operands,
                const std::optional<ast::Label>& label, SourceRange range, OpFacts facts);
  bool declare_let(const ast::Name& name, Tensor value, BodyScope& scope, bool is_written);
  void check_unread(const BodyScope& scope);

  // operators.cpp
  /// `a + b`, `a * 0.5`, `-a`.
  Tensor combine(const ast::BinaryExpr& binary, SourceRange range);
  Tensor negate(const ast::UnaryExpr& unary, SourceRange range);
  /// An operator between a tensor and a number; `is_before`: the number is the left operand.
  Tensor combine_with_number(ast::BinaryOp op, const ast::Expr& number, const ast::Expr& beside, bool is_before,
                             SourceRange range);
  /// Whether an expression is a compile-time value whatever it may be, and no piece of network.
  bool is_value(const ast::Expr& expr);
  /// Likewise of a name.
  bool is_value(const ast::Name& name);

  // chunk.cpp
  /// The names of a `let` that has several. False after an error, or where a part is unknown.
  bool declare_parts(const ast::Let& let, BodyScope& scope, bool is_written);
  /// As many as the `let` has names; none of them has a value after an error.
  std::vector<Tensor> chunk(const ast::CallExpr& call, Tensor input, const ast::Let& let);

  // conditionals.cpp
  /// True after reporting that a pipeline begins with the name of a compile-time value, as in `x * k -> relu` (E0220).
  bool is_flow_of_value(const ast::Expr& head);
  /// `input`: what flows in, or nothing at the beginning of an expression.
  Tensor apply_if(const ast::IfExpr& choice, std::optional<Tensor> input, SourceRange range);
  /// `is_alone`: the `if` is the only thing of a round of `repeat`.
  Tensor branch_value(const ast::Expr& body, bool is_alone);
  /// What a branch that is not taken names is read all the same.
  void mark_read(const ast::Expr& expr);

  // calls.cpp
  /// What a call names: a layer, a block, `concat`, or nothing (reported, or silent).
  struct Callee {
    const ops::Layer* layer = nullptr;
    const DeclaredBlock* block = nullptr;
    bool is_concat = false;
  };
  Callee find_callee(const ast::CallExpr& call);
  Callee find_member(const ast::CallExpr& call);
  void report_unknown_callee(const ast::CallExpr& call);
  /// A call that begins a pipeline or stands alone: on tensors of its own, or on what flows in.
  Tensor call_value(const ast::CallExpr& call, SourceRange range);
  /// A layer that takes no tensor.
  Tensor own_value(const ops::Layer& layer, const ast::CallExpr& call, SourceRange range);
  /// A call behind `->`.
  Tensor apply_stage(const ast::CallExpr& call, Tensor input, SourceRange range);
  Tensor apply_block(const DeclaredBlock& block, const ast::CallExpr& call, std::vector<Tensor> tensors,
                     SourceRange range);
  Tensor apply_repeat(const ast::RepeatExpr& repeat, Tensor input, SourceRange range);
  /// Reports what was found in a block as said of its use.
  void tell_at_use(const diag::Sink& found, const ast::Block& block, SourceRange use);
  /// How often a `repeat` goes round, what its index begins with and the number of its first round; nothing after an
  /// error. Without values, as of a block's parameters, one round of which nothing is known.
  struct Rounds {
    std::int64_t count = 1;
    std::optional<std::int64_t> first_index;
    std::int64_t first_number = 0;
    bool is_known = false;
  };
  Rounds rounds_of(const ast::RepeatExpr& repeat);
  bool takes(const DeclaredBlock& block, std::size_t tensors, const ast::CallExpr& call);
  /// False after reporting, once, that the network has grown too large.
  bool grow(std::size_t& count, const char* what, SourceRange range);
  bool is_block_call(const ast::Expr& body);
  bool may_leave_out_step(const ast::Expr& body);
  NamedTensor* find_tensor(const std::string& name);
  std::string label_step(const std::optional<ast::Label>& label, const std::string& kind);

  graph::Node& node_;
  NodeFacts& facts_;
  BodyLimits& limits_;
  diag::Sink* sink_;
  BodyShapes* shapes_;
  TextCheck* text_check_;
  BodyScope* scope_ = nullptr;  // of the body at hand
  std::size_t depth_ = 0;       // of blocks in one another
  bool names_no_step_ = false;  // the next block's use adds no step of its own: the only thing of a round of `repeat`
};

/// Steps of a label joined by dots; `_` and nothing leave a step out.
std::string join_steps(const std::string& left, const std::string& right);

}  // namespace d2nn::sema
