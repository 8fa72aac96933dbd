// One method per rule of grammar/D2nnParser.g4, in its order; expressions are expressions_to_ast.cpp's. Recursion is as
// deep as the tree, which tokens.cpp bounds. A context with an error is left out by its list (is_sound), so the methods
// may take children for granted.
#include "syntax/parse_tree_to_ast.h"

#include <algorithm>
#include <string>
#include <utility>

#include "diag/catalogue.h"
#include "syntax/expressions_to_ast.h"

namespace d2nn::syntax {

using namespace ast;
using grammar::D2nnParser;

namespace {

using P = D2nnParser;

class TreeBuilder : ExpressionBuilder {
 public:
  TreeBuilder(const TokenList& tokens, std::string_view text, source::FileId file, diag::Sink& sink)
      : ExpressionBuilder(text, file, sink), tokens_(tokens), file_(file), sink_(sink) {}

  File build(P::FileContext& tree) {
    File file{.file = file_, .items = {}};
    for (P::FileItemContext* item : tree.fileItem()) {
      if (P::NetworkDeclContext* network = item->networkDecl(); network != nullptr && network->name() != nullptr) {
        file.items.emplace_back(network_decl(*network));
      } else if (!is_sound(item)) {
        continue;
      } else if (item->importDecl() != nullptr) {
        file.items.emplace_back(import_decl(*item->importDecl()));
      } else if (item->constDecl() != nullptr) {
        file.items.emplace_back(const_decl(*item->constDecl()));
      } else if (item->blockDecl() != nullptr) {
        file.items.emplace_back(block_decl(*item->blockDecl()));
      }
    }
    return file;
  }

 private:
  /// The `///` lines right before a declaration, without the slashes and one blank.
  std::string doc(const antlr4::ParserRuleContext& context) const {
    const auto lines = std::ranges::equal_range(tokens_.docs, context.start->getTokenIndex(), {}, &DocLine::next_token);
    std::string out;
    for (const DocLine& doc_line : lines) {
      std::string_view line = text(doc_line.range).substr(3);
      if (line.starts_with(' ')) line.remove_prefix(1);
      if (&doc_line != &lines.front()) out += '\n';
      out += line;
    }
    return out;
  }

  void report_twice(const char* what, SourceRange second, SourceRange first) {
    sink_.report({.code = diag::code("E0111"),
                  .message = std::string("`") + what + "` is given twice",
                  .range = second,
                  .notes = {{first, "first given here"}}});
  }

  // ---- declarations of a file ----

  Import import_decl(P::ImportDeclContext& context) {
    Import import{.path = {}, .file = {}, .alias = optional_name(context.alias), .range = range(context)};
    if (context.STRING() != nullptr) {
      std::string_view quoted = text(range(context.STRING()));
      quoted.remove_prefix(1);
      if (quoted.ends_with('"')) quoted.remove_suffix(1);
      import.file = quoted;
      return import;
    }
    for (P::NameContext* step : context.name()) {
      if (step != context.alias) import.path.push_back(name(*step));
    }
    return import;
  }

  Const const_decl(P::ConstDeclContext& context) {
    return {doc(context), name(*context.name()), expr(*context.expr()), range(context)};
  }

  Block block_decl(P::BlockDeclContext& context) {
    Block block{.doc = doc(context),
                .name = name(*context.name()),
                .params = parameters(context.parameters()),
                .tensors = {},
                .body = body(*context.body()),
                .range = range(context)};
    if (context.tensorNames() != nullptr) {
      for (P::NameContext* tensor : context.tensorNames()->name()) block.tensors.push_back(name(*tensor));
    }
    return block;
  }

  Network network_decl(P::NetworkDeclContext& context) {
    return {.doc = doc(context),
            .name = name(*context.name()),
            .params = parameters(context.parameters()),
            .items = items(context.networkItem()),
            .range = range(context)};
  }

  std::vector<Parameter> parameters(P::ParametersContext* context) {
    std::vector<Parameter> out;
    if (!is_sound(context)) return out;
    for (P::ParameterContext* parameter : context->parameter()) {
      out.push_back(
          {name(*parameter->name(0)), name(*parameter->type), optional_expr(parameter->expr()), range(*parameter)});
    }
    return out;
  }

  // ---- declarations of a network ----

  std::vector<NetworkItem> items(const std::vector<P::NetworkItemContext*>& contexts) {
    std::vector<NetworkItem> out;
    for (P::NetworkItemContext* item : contexts) {
      if (item->trainDecl() != nullptr) {
        out.emplace_back(train_decl(*item->trainDecl()));
      } else if (!is_sound(item)) {
        continue;
      } else if (item->inputDecl() != nullptr) {
        P::InputDeclContext& input = *item->inputDecl();
        out.emplace_back(Input{doc(input), name(*input.name()), tensor_type(*input.tensorType()), range(input)});
      } else if (item->outputDecl() != nullptr) {
        out.emplace_back(output_decl(*item->outputDecl()));
      } else if (item->dummyDecl() != nullptr) {
        P::DummyDeclContext& dummy = *item->dummyDecl();
        out.emplace_back(Dummy{doc(dummy), name(*dummy.name()), tensor_type(*dummy.tensorType()), expr(*dummy.expr()),
                               range(dummy)});
      } else if (item->nodeDecl() != nullptr) {
        out.emplace_back(node_decl(*item->nodeDecl()));
      } else if (item->edges() != nullptr) {
        edges(*item->edges(), out);
      } else if (item->forDecl() != nullptr) {
        P::ForDeclContext& loop = *item->forDecl();
        out.emplace_back(std::make_unique<For>(
            For{name(*loop.name()), expr(*loop.begin), expr(*loop.end), items(loop.networkItem()), range(loop)}));
      } else if (item->ifDecl() != nullptr) {
        out.emplace_back(if_decl(*item->ifDecl()));
      }
    }
    return out;
  }

  std::unique_ptr<If> if_decl(P::IfDeclContext& context) {
    auto out = std::make_unique<If>();
    out->range = range(context);
    const std::vector<P::ExprContext*> conditions = context.expr();
    const std::vector<P::ItemBlockContext*> blocks = context.itemBlock();  // and the last one
    for (std::size_t i = 0; i < conditions.size(); ++i)
      out->branches.push_back({expr(*conditions[i]), items(blocks[i]->networkItem())});
    if (context.last != nullptr) out->otherwise = items(context.last->networkItem());
    return out;
  }

  TensorType tensor_type(P::TensorTypeContext& context) {
    TensorType type{.dims = {}, .range = range(context)};
    if (!is_sound(&context)) return type;
    const Name element = name(*context.name());
    if (element.text != "f32") {
      sink_.report(
          {.code = diag::code("E0115"),
           .message = "unknown element type `" + element.text + "`, tensors are `f32`",
           .range = element.range,
           .fixes = {{.message = "write `f32`", .range = element.range, .replacement = "f32", .is_applicable = true}}});
    }
    for (P::ExprContext* dim : context.expr()) type.dims.push_back(expr(*dim));
    return type;
  }

  Output output_decl(P::OutputDeclContext& context) {
    Output output{.doc = doc(context),
                  .name = name(*context.name()),
                  .type = tensor_type(*context.tensorType()),
                  .join = {},
                  .is_required = false,
                  .required_range = {},
                  .range = range(context)};
    for (P::OutputPropertyContext* property : context.outputProperty()) {
      if (property->name() != nullptr) {
        if (output.join) report_twice("join", range(*property), output.join->range);
        output.join = name(*property->name());
      } else {
        if (output.is_required) report_twice("required", range(*property), output.required_range);
        output.is_required = true;
        output.required_range = range(*property);
      }
    }
    return output;
  }

  Node node_decl(P::NodeDeclContext& context) {
    Node node;
    node.doc = doc(context);
    node.is_control = context.CONTROL() != nullptr;
    node.name = name(*context.name());
    if (is_sound(context.index())) node.index = expr(*context.index()->expr());
    if (is_sound(context.nodeInputs())) {
      for (P::NodeInputContext* input : context.nodeInputs()->nodeInput()) {
        node.inputs.push_back({name(*input->name(0)), optional_name(input->join)});
      }
    }
    for (P::NodePropertyContext* property : context.nodeProperty()) {
      if (property->name() != nullptr) {
        if (node.join) report_twice("join", range(*property), node.join->range);
        node.join = name(*property->name());
      } else {
        if (node.label) report_twice("as", range(*property), node.label->range);
        node.label = label(*property->label());
      }
    }
    node.body = body(*context.body());
    node.range = range(context);
    return node;
  }

  Body body(P::BodyContext& context) {
    Body body{.lets = {}, .result = nullptr, .range = range(context)};
    for (P::LetStatementContext* let : context.letStatement()) {
      if (!is_sound(let)) continue;
      Let& out = body.lets.emplace_back(Let{{}, expr(*let->expr()), range(*let)});
      for (P::NameContext* name : let->name()) out.names.push_back(this->name(*name));
    }
    if (is_sound(context.result())) body.result = optional_expr(context.result()->expr());
    return body;
  }

  void edges(P::EdgesContext& context, std::vector<NetworkItem>& out) {
    std::vector<Endpoint> first = endpoints(*context.endpoints());
    if (P::DataHopsContext* hops = context.dataHops(); hops != nullptr) {
      DataEdges data{.hops = {}, .arrows = {}, .fallback = optional_expr(hops->expr()), .range = range(context)};
      data.hops.push_back(std::move(first));
      for (P::EndpointsContext* hop : hops->endpoints()) data.hops.push_back(endpoints(*hop));
      for (antlr4::tree::TerminalNode* arrow : hops->ARROW()) data.arrows.push_back(range(arrow));
      out.emplace_back(std::move(data));
      return;
    }
    if (first.size() > 1) {
      sink_.report(
          {.code = diag::code("E0113"),
           .message = "control edges with " + std::to_string(first.size()) + " sources, they leave one control node",
           .range = range(*context.endpoints()),
           .fixes = {{.message = "give each control node a statement of its own"}}});
    }
    ControlEdges control{.source = std::move(first.front()),
                         .arrow = range(context.controlActions()->CONTROL_ARROW()),
                         .actions = {},
                         .range = range(context)};
    for (P::ActionContext* action : context.controlActions()->action())
      control.actions.push_back(this->action(*action));
    out.emplace_back(std::move(control));
  }

  std::vector<Endpoint> endpoints(P::EndpointsContext& context) {
    std::vector<Endpoint> out;
    for (P::EndpointContext* end : context.endpoint()) out.push_back(endpoint(*end));
    return out;
  }

  Endpoint endpoint(P::EndpointContext& context) {
    Endpoint end{.name = name(*context.name(0)),
                 .index = nullptr,
                 .input = optional_name(context.input),
                 .range = range(context)};
    if (is_sound(context.index())) end.index = expr(*context.index()->expr());
    return end;
  }

  Action action(P::ActionContext& context) {
    Action action{.name = name(*context.name()), .index = nullptr, .targets = {}, .range = range(context)};
    if (is_sound(context.index())) action.index = expr(*context.index()->expr());
    if (P::TargetSetContext* set = context.targetSet(); set != nullptr) {
      for (P::EndpointContext* target : set->endpoint()) action.targets.push_back(endpoint(*target));
      if (is_sound(set) && action.targets.empty()) {
        sink_.report(
            {.code = diag::code("E0106"),
             .message = "found an empty set of targets, expected a node",
             .range = range(*set),
             .fixes = {
                 {.message = "write `none`", .range = range(*set), .replacement = "none", .is_applicable = true}}});
      }
      return action;
    }
    Endpoint target = endpoint(*context.endpoint());
    const bool is_none = target.name.text == "none" && target.index == nullptr && !target.input;
    if (!is_none) action.targets.push_back(std::move(target));
    return action;
  }

  Train train_decl(P::TrainDeclContext& context) {
    Train train{.losses = {}, .settings = {}, .range = range(context)};
    for (P::TrainItemContext* item : context.trainItem()) {
      if (!is_sound(item)) continue;
      const Name first = name(*item->first);
      if (item->second == nullptr) {
        train.settings.push_back({first, expr(*item->expr()), range(*item)});
      } else if (first.text == "loss") {
        train.losses.push_back({name(*item->second), expr(*item->expr()), range(*item)});
      } else {
        sink_.report({.code = diag::code("E0114"),
                      .message = "found `" + first.text + " " + std::string(text(range(*item->second))) +
                                 ":`, only `loss` has a name before the colon",
                      .range = first.range});
      }
    }
    return train;
  }

  const TokenList& tokens_;
  source::FileId file_;
  diag::Sink& sink_;
};

}  // namespace

File to_ast(P::FileContext& tree, const TokenList& tokens, std::string_view text, source::FileId file,
            diag::Sink& sink) {
  return TreeBuilder(tokens, text, file, sink).build(tree);
}

}  // namespace d2nn::syntax
