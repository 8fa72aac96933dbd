// From the parse tree of an expression to ast.h: what parse_tree_to_ast.cpp builds declarations upon. Private to the
// room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "D2nnParser.h"
#include "diag/diagnostic.h"
#include "syntax/ast.h"
#include "syntax/tokens.h"

namespace d2nn::syntax {

class ExpressionBuilder {
 public:
  using P = grammar::D2nnParser;

  /// `text` is that of the file, and outlives this as the sink does.
  ExpressionBuilder(std::string_view text, source::FileId file, diag::Sink& sink)
      : text_(text), file_(file), sink_(sink) {}

  /// The context was parsed without an error.
  static bool is_sound(const antlr4::ParserRuleContext* context) {
    return context != nullptr && context->exception == nullptr;
  }

  source::SourceRange range(const antlr4::Token* token) const { return range_of(*token, file_); }
  source::SourceRange range(antlr4::tree::TerminalNode* node) const { return range(node->getSymbol()); }
  source::SourceRange range(const antlr4::ParserRuleContext& context) const {
    if (context.stop == nullptr) return range(context.start);
    return source::cover(range(context.start), range(context.stop));
  }
  std::string_view text(source::SourceRange range) const { return text_.substr(range.begin, range.end - range.begin); }

  ast::Name name(P::NameContext& context) const { return {std::string(text(range(context))), range(context)}; }
  std::optional<ast::Name> optional_name(P::NameContext* context) const {
    return context == nullptr ? std::nullopt : std::optional<ast::Name>(name(*context));
  }
  /// The text of a label, blanks between its steps left out.
  ast::Label label(P::LabelContext& context) const;

  ast::ExprPtr expr(P::ExprContext& context);
  ast::ExprPtr optional_expr(P::ExprContext* context) { return context == nullptr ? nullptr : expr(*context); }

 private:
  ast::ExprPtr pipeline(P::PipelineContext& context);
  ast::ExprPtr stage(P::StageContext& context);
  ast::ExprPtr primary(P::PrimaryContext& context);
  ast::ExprPtr reference(P::ReferenceContext& context, bool is_stage);
  /// "f" or "module.f", without arguments yet.
  ast::CallExpr module_call(P::ReferenceContext& context);
  ast::ExprPtr repeat(P::RepeatStageContext& context);
  ast::ExprPtr if_stage(P::IfStageContext& context);
  /// `x * 0.5 -> f` is `x * (0.5 -> f)`, for `->` binds tightest: what was meant needs parentheses (E0220). `last` is
  /// the last operand of `operation`, `operand` the same in the tree.
  void check_flow_of_number(const P::ExprContext& operation, P::ExprContext& last, const ast::Expr& operand);

  std::string_view text_;
  source::FileId file_;
  diag::Sink& sink_;
};

}  // namespace d2nn::syntax
