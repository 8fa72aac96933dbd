// From the parse tree to boxes (layout.h): which parts of an expression or a statement stay together and where it may
// break. Commas behind the last item of a list and the `;` behind a bare result are left out here.
#pragma once

#include <string_view>
#include <vector>

#include "D2nnParser.h"
#include "syntax/comments.h"
#include "syntax/layout.h"

namespace d2nn::syntax {

/// Builds the boxes of one file, from a tree without errors. What stands before a token left out is handed on to the
/// next.
class BoxBuilder {
 public:
  using P = grammar::D2nnParser;

  /// All outlive this.
  BoxBuilder(const TokenList& tokens, Gaps& gaps) : tokens_(tokens), gaps_(gaps) {}

  /// A whole statement of a file, a network or a body, its `;` included.
  Box import_decl(P::ImportDeclContext& context);
  Box const_decl(P::ConstDeclContext& context);
  Box input_decl(P::InputDeclContext& context);
  Box output_decl(P::OutputDeclContext& context);
  Box dummy_decl(P::DummyDeclContext& context);
  Box edges(P::EdgesContext& context);
  Box train_item(P::TrainItemContext& context);
  Box let_statement(P::LetStatementContext& context);
  /// `return e;` or a bare result, the latter without its `;`.
  Box result(P::ResultContext& context);
  /// The same on its own in the braces of a node, where pipelines break below their first layer.
  Box only_result(P::ResultContext& context);

  /// What stands before the `{` of a declaration, and the `{`.
  Box network_head(P::NetworkDeclContext& context);
  Box block_head(P::BlockDeclContext& context);
  Box node_head(P::NodeDeclContext& context);
  Box for_head(P::ForDeclContext& context);
  /// "if wide {", then "else if tall {" and "else {" without the `}` before them.
  std::vector<Box> if_heads(P::IfDeclContext& context);
  Box train_head(P::TrainDeclContext& context);

  /// One token, with or without a blank before it.
  Box token(const antlr4::Token* token, bool has_blank = true) const;
  Box token(antlr4::tree::TerminalNode* node, bool has_blank = true) const;

 private:
  using Terminals = std::vector<antlr4::tree::TerminalNode*>;

  Box name(P::NameContext& context, bool has_blank = true) const;
  Box list(antlr4::tree::TerminalNode* open, std::vector<Box> items, const Terminals& commas,
           antlr4::tree::TerminalNode* close, bool has_blank, Fill fill = Fill::greedy);
  std::vector<Box> joined(std::vector<Box> items, const Terminals& commas);
  void drop_last_comma(std::size_t item_count, const Terminals& commas);

  Box parameters(P::ParametersContext& context);
  Box tensor_type(P::TensorTypeContext& context);
  Box label(P::LabelContext& context) const;
  Box endpoints(P::EndpointsContext& context, bool has_blank);
  Box endpoint(P::EndpointContext& context, bool has_blank);
  Box index(P::IndexContext& context);
  Box action(P::ActionContext& context);

  /// `hang` is where broken pipelines go on: so much right of where they begin.
  Box expr(P::ExprContext& context, bool has_blank, int hang);
  Box expr(P::ExprContext& context, bool has_blank = true) { return expr(context, has_blank, pipeline_hang); }
  Box binary(P::BinaryContext& context, bool has_blank, int hang);
  Box pipeline(P::PipelineContext& context, bool has_blank, int hang);
  Box primary(P::PrimaryContext& context, bool has_blank);
  Box reference(P::ReferenceContext& context, bool has_blank);
  Box repeat(P::RepeatStageContext& context, bool has_blank);
  Box if_stage(P::IfStageContext& context, bool has_blank);
  Box argument(P::ArgumentContext& context, bool has_blank);

  static constexpr int pipeline_hang = 2;

  const TokenList& tokens_;
  Gaps& gaps_;
};

}  // namespace d2nn::syntax
