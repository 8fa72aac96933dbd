// Where compile-time values and tensors meet in bodies. `if`: the branch that a compile-time condition chooses stands
// in the place of the whole, in the scope around it, so that its layers are named and counted as if it were written
// alone. Of a branch that is not taken nothing but the names that it reads is looked at: it may need what the condition
// asks for.
#include <utility>

#include "ops/layer.h"
#include "sema/body.h"
#include "sema/report.h"

namespace d2nn::sema {

Tensor BodyElaborator::apply_if(const ast::IfExpr& choice, std::optional<Tensor> input, SourceRange range) {
  const bool is_alone = std::exchange(names_no_step_, false);
  const std::optional<Tensor> around = scope_->flow;
  if (input) scope_->flow = *input;
  const Evaluator values = evaluator();
  const ast::Expr* taken = nullptr;
  bool is_known = true;
  Tensor result;
  for (const ast::IfExpr::Branch& branch : choice.branches) {
    if (taken != nullptr) {
      mark_read(*branch.body);
      continue;
    }
    const auto condition = values.evaluate_as(*branch.condition, ValueType::boolean, "a condition");
    is_known = is_known && condition;
    if (is_known && std::get<bool>(*condition)) {
      taken = branch.body.get();
    } else if (!condition && text_check_ != nullptr) {
      tensor(*branch.body);  // a block's parameters have no value yet: each branch is held to its own text
    } else {
      mark_read(*branch.body);
    }
  }
  if (taken != nullptr) {
    if (choice.otherwise) mark_read(*choice.otherwise);
    result = branch_value(*taken, is_alone);
  } else if (choice.otherwise) {
    if (is_known || text_check_ != nullptr) {
      result = branch_value(*choice.otherwise, is_alone);
    } else {
      mark_read(*choice.otherwise);
    }
  } else if (is_known || text_check_ != nullptr) {
    result = joined_input(range);
  }
  scope_->flow = around;
  return is_known ? result : std::nullopt;
}

bool BodyElaborator::is_flow_of_value(const ast::Expr& head) {
  if (!is_value(head)) return false;
  const auto* name = std::get_if<ast::NameExpr>(&head.value);
  const NamedValue* value = name != nullptr ? scope_->constants.find(name->name.text) : nullptr;
  const std::string text = name != nullptr ? name->name.text : "0.5";
  Report report(code("E0220"), head.range,
                (name != nullptr ? "the compile-time value " + quoted(text) : "a compile-time value") +
                    " flows into a layer, because `->` binds tighter than any operator");
  if (value != nullptr) report.note(value->range, quoted(text) + " is declared here");
  report.advise("put what is to flow into parentheses, as in `(x * " + text + ") -> ...`").to(*sink_);
  return true;
}

Tensor BodyElaborator::branch_value(const ast::Expr& body, bool is_alone) {
  names_no_step_ = is_alone && may_leave_out_step(body);
  const Tensor result = tensor(body);
  names_no_step_ = false;
  return result;
}

void BodyElaborator::mark_read(const ast::Expr& expr) {
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.value)) {
    if (NamedTensor* named = find_tensor(name->name.text)) named->is_read = true;
  } else if (const auto* unary = std::get_if<ast::UnaryExpr>(&expr.value)) {
    mark_read(*unary->operand);
  } else if (const auto* binary = std::get_if<ast::BinaryExpr>(&expr.value)) {
    mark_read(*binary->left);
    mark_read(*binary->right);
  } else if (const auto* call = std::get_if<ast::CallExpr>(&expr.value)) {
    for (const ast::Argument& argument : call->arguments) mark_read(*argument.value);
    for (std::size_t i = 0; call->tensors && i < call->tensors->size(); ++i) mark_read(*(*call->tensors)[i]);
  } else if (const auto* repeat = std::get_if<ast::RepeatExpr>(&expr.value)) {
    mark_read(*repeat->body);
  } else if (const auto* choice = std::get_if<ast::IfExpr>(&expr.value)) {
    for (const ast::IfExpr::Branch& branch : choice->branches) mark_read(*branch.body);
    if (choice->otherwise) mark_read(*choice->otherwise);
  } else if (const auto* pipe = std::get_if<ast::PipelineExpr>(&expr.value)) {
    if (pipe->head) mark_read(*pipe->head);
    for (const ast::ExprPtr& stage : pipe->stages) mark_read(*stage);
  }
}

}  // namespace d2nn::sema
