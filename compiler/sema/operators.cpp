// Arithmetic between tensors, and between tensors and compile-time numbers. What each operator means is its layer's to
// say (ops/layers/combinations.cpp).
#include <cmath>

#include "ops/layer.h"
#include "sema/body.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

/// The layers that an operator stands for: between tensors, and with a number behind or before the tensor.
struct Operator {
  ast::BinaryOp op;
  const char* tensors;
  const char* number_behind;
  const char* number_before;
};
constexpr Operator operators[] = {
    {ast::BinaryOp::add, "add", "add_number", "add_number"},
    {ast::BinaryOp::subtract, "subtract", "add_number", "number_minus"},  // behind: the negative is added
    {ast::BinaryOp::multiply, "multiply", "multiply_number", "multiply_number"},
    {ast::BinaryOp::divide, "divide", "divide_by_number", "number_over"},
};

const Operator* find_operator(ast::BinaryOp op) {
  for (const Operator& known : operators) {
    if (known.op == op) return &known;
  }
  return nullptr;
}

}  // namespace

bool BodyElaborator::is_value(const ast::Name& name) {
  if (find_tensor(name.text) != nullptr || ops::find_layer(name.text) != nullptr) return false;
  if (scope_->module->blocks.contains(name.text)) return false;
  if (const NamedValue* value = scope_->constants.find(name.text)) return value->other_kind.empty();
  return name.text == "actions" && scope_->actions;
}

bool BodyElaborator::is_value(const ast::Expr& expr) {
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.value)) return is_value(name->name);
  if (const auto* unary = std::get_if<ast::UnaryExpr>(&expr.value)) return is_value(*unary->operand);
  if (const auto* binary = std::get_if<ast::BinaryExpr>(&expr.value)) {
    return is_value(*binary->left) && is_value(*binary->right);
  }
  if (const auto* call = std::get_if<ast::CallExpr>(&expr.value)) {
    if (call->module) {
      return !call->has_arguments && scope_->constants.find(call->module->text + "." + call->callee.text) != nullptr;
    }
    return (call->callee.text == "len" || is_size_query(*call)) && !scope_->module->blocks.contains(call->callee.text);
  }
  return !std::holds_alternative<ast::PipelineExpr>(expr.value) &&
         !std::holds_alternative<ast::RepeatExpr>(expr.value) && !std::holds_alternative<ast::IfExpr>(expr.value);
}

Tensor BodyElaborator::combine(const ast::BinaryExpr& binary, SourceRange range) {
  if (binary.op == ast::BinaryOp::matrix_product) {
    const Tensor left = tensor(*binary.left);
    const Tensor right = tensor(*binary.right);
    if (!left || !right) return std::nullopt;
    return append(ops::layer("matmul"), {}, {*left, *right}, std::nullopt, range, {});
  }
  const Operator* known = find_operator(binary.op);
  if (known == nullptr) {
    Report(code("E0205"), binary.op_range, "tensors are combined with `+`, `-`, `*`, `/`, `@` and `concat(a, b)` only")
        .to(*sink_);
    return std::nullopt;
  }
  if (is_value(*binary.left)) return combine_with_number(binary.op, *binary.left, *binary.right, true, range);
  if (is_value(*binary.right)) return combine_with_number(binary.op, *binary.right, *binary.left, false, range);
  const Tensor left = tensor(*binary.left);
  const Tensor right = tensor(*binary.right);
  if (!left || !right) return std::nullopt;
  return append(ops::layer(known->tensors), {}, {*left, *right}, std::nullopt, range, {});
}

Tensor BodyElaborator::combine_with_number(ast::BinaryOp op, const ast::Expr& number, const ast::Expr& beside,
                                           bool is_before, SourceRange range) {
  const Tensor operand = tensor(beside);
  std::optional<double> value = evaluator().evaluate_real(number, "an operand of a tensor");
  if (!operand || !value) return std::nullopt;
  if (!std::isfinite(static_cast<float>(*value))) {
    Report(code("E0211"), number.range, quoted(ops::number_text(*value)) + " is beyond the range of f32").to(*sink_);
    return std::nullopt;
  }
  if (op == ast::BinaryOp::divide && !is_before && static_cast<float>(*value) == 0) {
    Report(code("E0207"), number.range, "the divisor is 0").to(*sink_);
    return std::nullopt;
  }
  if (op == ast::BinaryOp::subtract && !is_before) value = -*value;
  const Operator& known = *find_operator(op);
  ops::Arguments arguments;
  arguments.set("number", *value);
  return append(ops::layer(is_before ? known.number_before : known.number_behind), std::move(arguments), {*operand},
                std::nullopt, range, {});
}

Tensor BodyElaborator::negate(const ast::UnaryExpr& unary, SourceRange range) {
  if (unary.op != '-') {
    Report(code("E0205"), range, "`!` takes a `bool`, but its operand is a tensor").to(*sink_);
    return std::nullopt;
  }
  const Tensor operand = tensor(*unary.operand);
  return operand ? append(ops::layer("negate"), {}, {*operand}, std::nullopt, range, {}) : std::nullopt;
}

}  // namespace d2nn::sema
