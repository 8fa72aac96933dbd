// One method per rule of grammar/D2nnParser.g4. A comma stays with what stands before it, an arrow and an operator with
// what stands behind it.
#include "syntax/boxes.h"

#include <utility>

namespace d2nn::syntax {

using P = grammar::D2nnParser;

namespace {

template <class... Boxes>
std::vector<Box> parts(Boxes&&... boxes) {
  std::vector<Box> out;
  out.reserve(sizeof...(boxes));
  (out.push_back(std::forward<Boxes>(boxes)), ...);
  return out;
}

/// The classes of operators of one precedence.
int precedence(std::size_t op) {
  switch (op) {
    case P::STAR:
    case P::SLASH:
    case P::PERCENT:
    case P::AT:
      return 0;
    case P::PLUS:
    case P::MINUS:
      return 1;
    case P::EQUAL:
    case P::NOT_EQUAL:
      return 3;
    case P::AND:
      return 4;
    case P::OR:
      return 5;
    default:
      return 2;
  }
}

}  // namespace

Box BoxBuilder::token(const antlr4::Token* token, bool has_blank) const {
  Box box;
  box.token = token->getTokenIndex();
  box.has_blank = has_blank;
  box.must_break = gaps_.must_break(box.token);
  box.width = static_cast<int>(token->getStopIndex() - token->getStartIndex() + 1) + gaps_.width(box.token);
  return box;
}

Box BoxBuilder::token(antlr4::tree::TerminalNode* node, bool has_blank) const {
  return token(node->getSymbol(), has_blank);
}

Box BoxBuilder::name(P::NameContext& context, bool has_blank) const {
  return token(context.start, has_blank);
}

void BoxBuilder::drop_last_comma(std::size_t item_count, const Terminals& commas) {
  if (item_count > 0 && commas.size() == item_count) gaps_.drop(commas.back()->getSymbol()->getTokenIndex());
}

std::vector<Box> BoxBuilder::joined(std::vector<Box> items, const Terminals& commas) {
  for (std::size_t i = 0; i + 1 < items.size(); ++i)
    items[i] = make_row(parts(std::move(items[i]), token(commas[i], false)));
  return items;
}

Box BoxBuilder::list(antlr4::tree::TerminalNode* open, std::vector<Box> items, const Terminals& commas,
                     antlr4::tree::TerminalNode* close, bool has_blank, Fill fill) {
  drop_last_comma(items.size(), commas);
  if (items.empty()) return make_row(parts(token(open, has_blank), token(close, false)));
  items.front().has_blank = false;
  return make_row(
      parts(token(open, has_blank), make_chain(fill, 0, joined(std::move(items), commas)), token(close, false)));
}

// ---- statements ----

Box BoxBuilder::import_decl(P::ImportDeclContext& context) {
  std::vector<Box> row = parts(token(context.IMPORT()));
  if (context.STRING() != nullptr) row.push_back(token(context.STRING()));
  const Terminals dots = context.DOT();
  const std::vector<P::NameContext*> steps = context.name();  // and the alias
  for (std::size_t i = 0; i <= dots.size() && context.STRING() == nullptr; ++i) {
    if (i > 0) row.push_back(token(dots[i - 1], false));
    row.push_back(name(*steps[i], i == 0));
  }
  if (context.AS() != nullptr) {
    row.push_back(token(context.AS()));
    row.push_back(name(*context.alias));
  }
  row.push_back(token(context.SEMICOLON(), false));
  return make_row(std::move(row));
}

Box BoxBuilder::const_decl(P::ConstDeclContext& context) {
  return make_row(parts(token(context.CONST()), name(*context.name()), token(context.ASSIGN()), expr(*context.expr()),
                        token(context.SEMICOLON(), false)));
}

Box BoxBuilder::input_decl(P::InputDeclContext& context) {
  return make_row(parts(token(context.INPUT()), name(*context.name()), token(context.COLON(), false),
                        tensor_type(*context.tensorType()), token(context.SEMICOLON(), false)));
}

Box BoxBuilder::output_decl(P::OutputDeclContext& context) {
  std::vector<Box> row = parts(token(context.OUTPUT()), name(*context.name()), token(context.COLON(), false),
                               tensor_type(*context.tensorType()));
  for (P::OutputPropertyContext* property : context.outputProperty()) {
    row.push_back(token(property->start));
    if (property->name() != nullptr) row.push_back(name(*property->name()));
  }
  row.push_back(token(context.SEMICOLON(), false));
  return make_row(std::move(row));
}

Box BoxBuilder::dummy_decl(P::DummyDeclContext& context) {
  return make_row(parts(token(context.DUMMY()), name(*context.name()), token(context.COLON(), false),
                        tensor_type(*context.tensorType()), token(context.ASSIGN()), expr(*context.expr()),
                        token(context.SEMICOLON(), false)));
}

Box BoxBuilder::edges(P::EdgesContext& context) {
  Box first = endpoints(*context.endpoints(), true);
  if (P::ControlActionsContext* control = context.controlActions(); control != nullptr) {
    std::vector<Box> actions;
    for (P::ActionContext* action : control->action()) actions.push_back(this->action(*action));
    return make_row(parts(std::move(first), token(control->CONTROL_ARROW()),
                          make_chain(Fill::each, 0, joined(std::move(actions), control->COMMA())),
                          token(context.SEMICOLON(), false)));
  }
  P::DataHopsContext& data = *context.dataHops();
  std::vector<Box> hops = parts(std::move(first));
  const Terminals arrows = data.ARROW();
  const std::vector<P::EndpointsContext*> ends = data.endpoints();
  for (std::size_t i = 0; i < arrows.size(); ++i)
    hops.push_back(make_row(parts(token(arrows[i]), endpoints(*ends[i], true))));
  if (data.DEFAULT() != nullptr) hops.push_back(make_row(parts(token(data.DEFAULT()), expr(*data.expr()))));
  return make_row(parts(make_chain(Fill::greedy, 2, std::move(hops)), token(context.SEMICOLON(), false)));
}

Box BoxBuilder::endpoints(P::EndpointsContext& context, bool has_blank) {
  std::vector<Box> items;
  for (P::EndpointContext* end : context.endpoint()) items.push_back(endpoint(*end, !items.empty() || has_blank));
  return make_chain(Fill::greedy, 0, joined(std::move(items), context.COMMA()));
}

Box BoxBuilder::endpoint(P::EndpointContext& context, bool has_blank) {
  std::vector<Box> row = parts(name(*context.name(0), has_blank));
  if (context.index() != nullptr) row.push_back(index(*context.index()));
  if (context.input != nullptr) {
    row.push_back(token(context.DOT(), false));
    row.push_back(name(*context.input, false));
  }
  return make_row(std::move(row));
}

Box BoxBuilder::index(P::IndexContext& context) {
  return make_row(
      parts(token(context.LEFT_BRACKET(), false), expr(*context.expr(), false), token(context.RIGHT_BRACKET(), false)));
}

Box BoxBuilder::action(P::ActionContext& context) {
  std::vector<Box> row = parts(name(*context.name()));
  if (context.index() != nullptr) row.push_back(index(*context.index()));
  row.push_back(token(context.COLON(), false));
  if (P::TargetSetContext* set = context.targetSet(); set != nullptr) {
    std::vector<Box> targets;
    for (P::EndpointContext* target : set->endpoint()) targets.push_back(endpoint(*target, true));
    row.push_back(list(set->LEFT_BRACE(), std::move(targets), set->COMMA(), set->RIGHT_BRACE(), true));
  } else {
    row.push_back(endpoint(*context.endpoint(), true));
  }
  return make_row(std::move(row));
}

Box BoxBuilder::train_item(P::TrainItemContext& context) {
  std::vector<Box> row = parts(name(*context.first));
  if (context.second != nullptr) row.push_back(name(*context.second));
  row.push_back(token(context.COLON(), false));
  row.push_back(expr(*context.expr()));
  row.push_back(token(context.SEMICOLON(), false));
  return make_row(std::move(row));
}

Box BoxBuilder::let_statement(P::LetStatementContext& context) {
  std::vector<Box> names;
  for (P::NameContext* name : context.name()) names.push_back(this->name(*name));
  return make_row(parts(token(context.LET()), make_chain(Fill::greedy, 0, joined(std::move(names), context.COMMA())),
                        token(context.ASSIGN()), expr(*context.expr()), token(context.SEMICOLON(), false)));
}

Box BoxBuilder::result(P::ResultContext& context) {
  if (context.RETURN() != nullptr)
    return make_row(parts(token(context.RETURN()), expr(*context.expr()), token(context.SEMICOLON(), false)));
  if (context.SEMICOLON() != nullptr) gaps_.drop(context.SEMICOLON()->getSymbol()->getTokenIndex());
  return expr(*context.expr());
}

Box BoxBuilder::only_result(P::ResultContext& context) {
  if (context.RETURN() != nullptr) return result(context);
  if (context.SEMICOLON() != nullptr) gaps_.drop(context.SEMICOLON()->getSymbol()->getTokenIndex());
  return expr(*context.expr(), true, 0);
}

// ---- heads of declarations ----

Box BoxBuilder::network_head(P::NetworkDeclContext& context) {
  std::vector<Box> row = parts(token(context.NETWORK()), name(*context.name()));
  if (context.parameters() != nullptr) row.push_back(parameters(*context.parameters()));
  row.push_back(token(context.LEFT_BRACE()));
  return make_row(std::move(row));
}

Box BoxBuilder::block_head(P::BlockDeclContext& context) {
  std::vector<Box> row = parts(token(context.BLOCK()), name(*context.name()), parameters(*context.parameters()));
  if (P::TensorNamesContext* tensors = context.tensorNames(); tensors != nullptr) {
    std::vector<Box> names;
    for (P::NameContext* tensor : tensors->name()) names.push_back(name(*tensor));
    row.push_back(list(tensors->LEFT_PAREN(), std::move(names), tensors->COMMA(), tensors->RIGHT_PAREN(), false));
  }
  row.push_back(token(context.body()->LEFT_BRACE()));
  return make_row(std::move(row));
}

Box BoxBuilder::node_head(P::NodeDeclContext& context) {
  std::vector<Box> row = parts(token(context.start), name(*context.name()));
  if (context.index() != nullptr) row.push_back(index(*context.index()));
  if (P::NodeInputsContext* inputs = context.nodeInputs(); inputs != nullptr) {
    std::vector<Box> items;
    for (P::NodeInputContext* input : inputs->nodeInput()) {
      std::vector<Box> item = parts(name(*input->name(0)));
      if (input->join != nullptr) {
        item.push_back(token(input->JOIN()));
        item.push_back(name(*input->join));
      }
      items.push_back(make_row(std::move(item)));
    }
    row.push_back(list(inputs->LEFT_PAREN(), std::move(items), inputs->COMMA(), inputs->RIGHT_PAREN(), false));
  }
  for (P::NodePropertyContext* property : context.nodeProperty()) {
    row.push_back(token(property->start));
    row.push_back(property->name() != nullptr ? name(*property->name()) : label(*property->label()));
  }
  row.push_back(token(context.body()->LEFT_BRACE()));
  return make_row(std::move(row));
}

Box BoxBuilder::for_head(P::ForDeclContext& context) {
  return make_row(parts(token(context.FOR()), name(*context.name()), token(context.IN()), expr(*context.begin),
                        token(context.RANGE(), false), expr(*context.end, false), token(context.LEFT_BRACE())));
}

std::vector<Box> BoxBuilder::if_heads(P::IfDeclContext& context) {
  std::vector<Box> heads;
  const std::vector<P::ItemBlockContext*> blocks = context.itemBlock();
  const std::vector<P::ExprContext*> conditions = context.expr();
  const Terminals ifs = context.IF();
  const Terminals elses = context.ELSE();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    std::vector<Box> row;
    if (i > 0) row.push_back(token(elses[i - 1]));
    if (i < ifs.size()) {
      row.push_back(token(ifs[i]));
      row.push_back(expr(*conditions[i]));
    }
    row.push_back(token(blocks[i]->LEFT_BRACE()));
    heads.push_back(make_row(std::move(row)));
  }
  return heads;
}

Box BoxBuilder::train_head(P::TrainDeclContext& context) {
  return make_row(parts(token(context.TRAIN()), token(context.LEFT_BRACE())));
}

Box BoxBuilder::parameters(P::ParametersContext& context) {
  std::vector<Box> items;
  for (P::ParameterContext* parameter : context.parameter()) {
    std::vector<Box> item = parts(name(*parameter->name(0)), token(parameter->COLON(), false), name(*parameter->type));
    if (parameter->ASSIGN() != nullptr) {
      item.push_back(token(parameter->ASSIGN()));
      item.push_back(expr(*parameter->expr()));
    }
    items.push_back(make_row(std::move(item)));
  }
  return list(context.LEFT_PAREN(), std::move(items), context.COMMA(), context.RIGHT_PAREN(), false);
}

Box BoxBuilder::tensor_type(P::TensorTypeContext& context) {
  std::vector<Box> dims;
  for (P::ExprContext* dim : context.expr()) dims.push_back(expr(*dim));
  Box element = name(*context.name());
  return make_row(parts(std::move(element), list(context.LEFT_BRACKET(), std::move(dims), context.COMMA(),
                                                 context.RIGHT_BRACKET(), false)));
}

Box BoxBuilder::label(P::LabelContext& context) const {
  std::vector<Box> row;
  const Terminals dots = context.DOT();
  const std::vector<P::LabelStepContext*> steps = context.labelStep();
  for (std::size_t i = 0; i <= dots.size(); ++i) {
    if (i > 0) row.push_back(token(dots[i - 1], false));
    row.push_back(token(steps[i]->start, i == 0));
  }
  return make_row(std::move(row));
}

// ---- expressions ----

Box BoxBuilder::expr(P::ExprContext& context, bool has_blank, int hang) {
  if (auto* unary = dynamic_cast<P::UnaryContext*>(&context))
    return make_row(parts(token(unary->start, has_blank), expr(*unary->expr(), false)));
  if (auto* binary = dynamic_cast<P::BinaryContext*>(&context)) return this->binary(*binary, has_blank, hang);
  return pipeline(*static_cast<P::OperandContext&>(context).pipeline(), has_blank, hang);
}

Box BoxBuilder::binary(P::BinaryContext& context, bool has_blank, int hang) {
  // Operators of one precedence group to the left: a chain of them is one chain of boxes.
  std::vector<P::BinaryContext*> spine{&context};
  while (auto* left = dynamic_cast<P::BinaryContext*>(spine.back()->expr(0))) {
    if (precedence(left->op->getType()) != precedence(context.op->getType())) break;
    spine.push_back(left);
  }
  std::vector<Box> operands = parts(expr(*spine.back()->expr(0), has_blank, hang + pipeline_hang));
  for (auto it = spine.rbegin(); it != spine.rend(); ++it) {
    Box op = token((*it)->op);
    operands.push_back(make_row(parts(std::move(op), expr(*(*it)->expr(1), true, hang + pipeline_hang))));
  }
  return make_chain(Fill::balanced, 0, std::move(operands));
}

Box BoxBuilder::pipeline(P::PipelineContext& context, bool has_blank, int hang) {
  std::vector<Box> stages = parts(primary(*context.primary(), has_blank));
  const Terminals arrows = context.ARROW();
  const std::vector<P::StageContext*> contexts = context.stage();  // one by one they would be looked for from the front
  for (std::size_t i = 0; i < arrows.size(); ++i) {
    P::StageContext& stage = *contexts[i];
    Box arrow = token(arrows[i]);
    P::ReferenceContext* reference = stage.reference();
    const bool is_light = reference != nullptr && reference->arguments() == nullptr;
    Box layer = reference != nullptr         ? this->reference(*reference, true)
                : stage.ifStage() != nullptr ? if_stage(*stage.ifStage(), true)
                                             : repeat(*stage.repeatStage(), true);
    stages.push_back(make_row(parts(std::move(arrow), std::move(layer))));
    stages.back().is_light = is_light;
  }
  return make_chain(Fill::balanced, hang, std::move(stages));
}

Box BoxBuilder::primary(P::PrimaryContext& context, bool has_blank) {
  if (P::ListContext* items = context.list(); items != nullptr) {
    std::vector<Box> boxes;
    bool has_rows = false;
    for (P::ExprContext* item : items->expr()) {
      has_rows |= item->start->getType() == P::LEFT_BRACKET;
      boxes.push_back(expr(*item));
    }
    return list(items->LEFT_BRACKET(), std::move(boxes), items->COMMA(), items->RIGHT_BRACKET(), has_blank,
                has_rows ? Fill::each : Fill::greedy);
  }
  if (context.LEFT_PAREN() != nullptr)
    return make_row(parts(token(context.LEFT_PAREN(), has_blank), expr(*context.expr(), false),
                          token(context.RIGHT_PAREN(), false)));
  if (context.reference() != nullptr) return reference(*context.reference(), has_blank);
  if (context.repeatStage() != nullptr) return repeat(*context.repeatStage(), has_blank);
  if (context.ifStage() != nullptr) return if_stage(*context.ifStage(), has_blank);
  return token(context.start, has_blank);
}

Box BoxBuilder::reference(P::ReferenceContext& context, bool has_blank) {
  std::vector<Box> row = parts(name(*context.first, has_blank));
  if (context.second != nullptr) {
    row.push_back(token(context.DOT(), false));
    row.push_back(name(*context.second, false));
  }
  for (P::IndexContext* step : context.index()) row.push_back(index(*step));
  if (P::ArgumentsContext* arguments = context.arguments(); arguments != nullptr) {
    std::vector<Box> items;
    for (P::ArgumentContext* argument : arguments->argument()) items.push_back(this->argument(*argument, true));
    row.push_back(list(arguments->LEFT_PAREN(), std::move(items), arguments->COMMA(), arguments->RIGHT_PAREN(), false));
  }
  if (P::TensorsContext* tensors = context.tensors(); tensors != nullptr) {
    std::vector<Box> items;
    for (P::ExprContext* tensor : tensors->expr()) items.push_back(expr(*tensor));
    row.push_back(list(tensors->LEFT_PAREN(), std::move(items), tensors->COMMA(), tensors->RIGHT_PAREN(), false));
  }
  if (context.AS() != nullptr) {
    row.push_back(token(context.AS()));
    row.push_back(label(*context.label()));
  }
  return make_row(std::move(row));
}

Box BoxBuilder::argument(P::ArgumentContext& context, bool has_blank) {
  if (context.name() == nullptr) return expr(*context.expr(), has_blank);
  return make_row(parts(name(*context.name(), has_blank), token(context.COLON(), false), expr(*context.expr())));
}

Box BoxBuilder::repeat(P::RepeatStageContext& context, bool has_blank) {
  std::vector<Box> row = parts(token(context.REPEAT(), has_blank));
  if (context.count != nullptr) row.push_back(expr(*context.count));
  if (context.name() != nullptr) {
    row.push_back(name(*context.name()));
    row.push_back(token(context.IN()));
    row.push_back(expr(*context.begin));
    row.push_back(token(context.RANGE(), false));
    row.push_back(expr(*context.end, false));
  }
  row.push_back(token(context.LEFT_BRACE()));
  row.push_back(expr(*context.round, true, 0));
  row.push_back(token(context.RIGHT_BRACE()));
  if (context.AS() != nullptr) {
    row.push_back(token(context.AS()));
    row.push_back(label(*context.label()));
  }
  if (context.FROM() != nullptr) {
    row.push_back(token(context.FROM()));
    row.push_back(primary(*context.primary(), true));
  }
  return make_row(std::move(row));
}

Box BoxBuilder::if_stage(P::IfStageContext& context, bool has_blank) {
  std::vector<Box> branches;
  const std::vector<P::ExprBlockContext*> blocks = context.exprBlock();
  const std::vector<P::ExprContext*> conditions = context.expr();
  const Terminals ifs = context.IF();
  const Terminals elses = context.ELSE();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    std::vector<Box> row;
    if (i > 0) row.push_back(token(elses[i - 1]));
    if (i < ifs.size()) {
      row.push_back(token(ifs[i], i > 0 || has_blank));
      row.push_back(expr(*conditions[i]));
    }
    row.push_back(token(blocks[i]->LEFT_BRACE()));
    row.push_back(expr(*blocks[i]->expr(), true, 0));
    row.push_back(token(blocks[i]->RIGHT_BRACE()));
    branches.push_back(make_row(std::move(row)));
  }
  return make_chain(Fill::greedy, 0, std::move(branches));
}

}  // namespace d2nn::syntax
