// One method per rule of grammar/D2nnParser.g4 from `expr` on, in its order.
#include "syntax/expressions_to_ast.h"

#include <charconv>
#include <string>
#include <utility>

#include "diag/catalogue.h"

namespace d2nn::syntax {

using namespace ast;
using P = grammar::D2nnParser;

namespace {

template <class Value>
ExprPtr make(SourceRange range, Value value) {
  return std::make_unique<Expr>(Expr{range, std::move(value)});
}

BinaryOp operation(std::size_t token_type) {
  constexpr std::pair<std::size_t, BinaryOp> operations[] = {
      {P::PLUS, BinaryOp::add},        {P::MINUS, BinaryOp::subtract},
      {P::STAR, BinaryOp::multiply},   {P::SLASH, BinaryOp::divide},
      {P::PERCENT, BinaryOp::modulo},  {P::AT, BinaryOp::matrix_product},
      {P::EQUAL, BinaryOp::equal},     {P::NOT_EQUAL, BinaryOp::not_equal},
      {P::LESS, BinaryOp::less},       {P::LESS_EQUAL, BinaryOp::less_equal},
      {P::GREATER, BinaryOp::greater}, {P::GREATER_EQUAL, BinaryOp::greater_equal},
      {P::AND, BinaryOp::logical_and}};
  for (const auto& [token, operation] : operations) {
    if (token == token_type) return operation;
  }
  return BinaryOp::logical_or;
}

// Literals out of range are reported by tokens.cpp and read as 0 here.
std::int64_t integer(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} ? value : 0;
}

DimsExpr dims(std::string_view text) {
  DimsExpr out;
  while (true) {
    const std::size_t cross = text.find('x');
    out.dims.push_back(integer(text.substr(0, cross)));
    if (cross == std::string_view::npos) return out;
    text.remove_prefix(cross + 1);
  }
}

}  // namespace

ExprPtr ExpressionBuilder::expr(P::ExprContext& context) {
  if (auto* unary = dynamic_cast<P::UnaryContext*>(&context)) {
    ExprPtr operand = expr(*unary->expr());
    check_flow_of_number(context, *unary->expr(), *operand);
    return make(range(context), UnaryExpr{unary->NOT() != nullptr ? '!' : '-', std::move(operand)});
  }
  if (auto* binary = dynamic_cast<P::BinaryContext*>(&context)) {
    ExprPtr left = expr(*binary->expr(0));
    ExprPtr right = expr(*binary->expr(1));
    check_flow_of_number(context, *binary->expr(1), *right);
    return make(range(context),
                BinaryExpr{operation(binary->op->getType()), range(binary->op), std::move(left), std::move(right)});
  }
  return pipeline(*static_cast<P::OperandContext&>(context).pipeline());
}

void ExpressionBuilder::check_flow_of_number(const P::ExprContext& operation, P::ExprContext& last,
                                             const Expr& operand) {
  const auto* pipeline = std::get_if<PipelineExpr>(&operand.value);
  if (pipeline == nullptr || !pipeline->head || !std::holds_alternative<NumberExpr>(pipeline->head->value)) return;
  P::PipelineContext& written = *static_cast<P::OperandContext&>(last).pipeline();
  if (written.ARROW().empty()) return;  // in parentheses of its own
  const SourceRange number = range(*written.primary());
  const SourceRange meant{file_, range(operation).begin, number.end};
  const std::string grouped = "(" + std::string(text(meant)) + ")";
  const bool is_short = grouped.size() <= 60 && grouped.find_first_of("\r\n") == std::string::npos;
  sink_.report({.code = diag::code("E0220"),
                .message = "the number `" + std::string(text(number)) +
                           "` flows into a layer, because `->` binds tighter than any operator",
                .range = number,
                .fixes = {{.message = "write " + (is_short ? "`" + grouped + " -> ...`"
                                                           : std::string("parentheses around what `->` takes")),
                           .range = meant,
                           .replacement = grouped,
                           .is_applicable = true}}});
}

ExprPtr ExpressionBuilder::pipeline(P::PipelineContext& context) {
  ExprPtr first = primary(*context.primary());
  if (context.stage().empty()) return first;
  PipelineExpr pipeline;
  const auto* call = std::get_if<CallExpr>(&first->value);
  const bool is_stage = (call != nullptr && !call->tensors) || std::holds_alternative<RepeatExpr>(first->value) ||
                        std::holds_alternative<IfExpr>(first->value);
  if (is_stage) {
    pipeline.stages.push_back(std::move(first));
  } else {
    pipeline.head = std::move(first);
  }
  for (P::StageContext* stage : context.stage()) pipeline.stages.push_back(this->stage(*stage));
  return make(range(context), std::move(pipeline));
}

ExprPtr ExpressionBuilder::stage(P::StageContext& context) {
  if (context.reference() != nullptr) return reference(*context.reference(), true);
  return context.ifStage() != nullptr ? if_stage(*context.ifStage()) : repeat(*context.repeatStage());
}

ExprPtr ExpressionBuilder::primary(P::PrimaryContext& context) {
  const SourceRange place = range(context);
  if (context.INTEGER() != nullptr) {
    const std::int64_t value = integer(text(place));
    return make(place, NumberExpr{static_cast<double>(value), true, value});
  }
  if (context.FLOAT() != nullptr) {
    const std::string_view digits = text(place);
    NumberExpr number;
    std::from_chars(digits.data(), digits.data() + digits.size(), number.value);
    return make(place, number);
  }
  if (context.DIMS() != nullptr) return make(place, dims(text(place)));
  if (context.TRUE() != nullptr || context.FALSE() != nullptr) return make(place, BoolExpr{context.TRUE() != nullptr});
  if (context.list() != nullptr) {
    ListExpr list;
    for (P::ExprContext* item : context.list()->expr()) list.items.push_back(expr(*item));
    return make(place, std::move(list));
  }
  if (context.expr() != nullptr) return expr(*context.expr());
  if (context.reference() != nullptr) return reference(*context.reference(), false);
  return context.ifStage() != nullptr ? if_stage(*context.ifStage()) : repeat(*context.repeatStage());
}

ExprPtr ExpressionBuilder::reference(P::ReferenceContext& context, bool is_stage) {
  const SourceRange place = range(context);
  if (!context.index().empty()) {
    ExprPtr base = make(range(*context.first), NameExpr{name(*context.first)});
    if (context.second != nullptr)
      base = make(source::cover(range(*context.first), range(*context.second)), module_call(context));
    for (P::IndexContext* index : context.index()) {
      if (!is_sound(index)) continue;
      const SourceRange indexed = source::cover(base->range, range(*index));
      base = make(indexed, IndexExpr{std::move(base), expr(*index->expr())});
    }
    if (is_stage) {
      sink_.report({.code = diag::code("E0106"),
                    .message = "found `" + std::string(text(place)) + "`, expected a layer",
                    .range = place});
    }
    return base;
  }
  const bool is_call =
      is_stage || context.second != nullptr || context.arguments() != nullptr || context.label() != nullptr;
  if (!is_call) return make(place, NameExpr{name(*context.first)});
  CallExpr call = module_call(context);
  if (P::ArgumentsContext* arguments = context.arguments(); is_sound(arguments)) {
    call.has_arguments = true;
    for (P::ArgumentContext* argument : arguments->argument()) {
      call.arguments.push_back({optional_name(argument->name()), expr(*argument->expr()), range(*argument)});
    }
  }
  if (P::TensorsContext* tensors = context.tensors(); is_sound(tensors)) {
    call.tensors.emplace();
    for (P::ExprContext* tensor : tensors->expr()) call.tensors->push_back(expr(*tensor));
  }
  if (context.label() != nullptr) call.label = label(*context.label());
  return make(place, std::move(call));
}

CallExpr ExpressionBuilder::module_call(P::ReferenceContext& context) {
  CallExpr call;
  call.callee = name(context.second != nullptr ? *context.second : *context.first);
  if (context.second != nullptr) call.module = name(*context.first);
  return call;
}

ExprPtr ExpressionBuilder::repeat(P::RepeatStageContext& context) {
  RepeatExpr repeat;
  repeat.count = optional_expr(context.count);
  if (context.name() != nullptr) {
    repeat.variable = name(*context.name());
    repeat.begin = expr(*context.begin);
    repeat.end = expr(*context.end);
  }
  repeat.body = expr(*context.round);
  if (context.label() != nullptr) repeat.label = label(*context.label());
  if (context.primary() != nullptr) repeat.from = primary(*context.primary());
  return make(range(context), std::move(repeat));
}

ExprPtr ExpressionBuilder::if_stage(P::IfStageContext& context) {
  IfExpr out;
  const std::vector<P::ExprContext*> conditions = context.expr();
  const std::vector<P::ExprBlockContext*> blocks = context.exprBlock();  // and the last one
  for (std::size_t i = 0; i < conditions.size(); ++i)
    out.branches.push_back({expr(*conditions[i]), expr(*blocks[i]->expr())});
  if (context.last != nullptr) out.otherwise = expr(*context.last->expr());
  return make(range(context), std::move(out));
}

Label ExpressionBuilder::label(P::LabelContext& context) const {
  Label label{{}, range(context)};
  for (P::LabelStepContext* step : context.labelStep()) {
    if (!label.text.empty()) label.text += '.';
    label.text += text(range(*step));
  }
  return label;
}

}  // namespace d2nn::syntax
