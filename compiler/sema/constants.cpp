// Expressions to values. Recursion follows the nesting of the text, which the parser bounds.
#include "sema/constants.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "diag/spelling.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

std::string operator_text(ast::BinaryOp op) {
  constexpr std::array<const char*, 14> texts{
      "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "@"};
  return texts[static_cast<std::size_t>(op)];
}

/// "an `int`".
std::string type_text(ValueType type) {
  return with_article(quoted(std::string(spelling(type))));
}

std::string type_text(const Value& value) {
  return type_text(type_of(value));
}

bool is_number(const Value& value) {
  return type_of(value) == ValueType::integer || type_of(value) == ValueType::number;
}

double as_double(const Value& value) {
  return std::get<double>(*convert(value, ValueType::number));
}

template <class T>
std::optional<Value> compare(ast::BinaryOp op, const T& left, const T& right) {
  switch (op) {
    case ast::BinaryOp::equal:
      return left == right;
    case ast::BinaryOp::not_equal:
      return left != right;
    case ast::BinaryOp::less:
      return left < right;
    case ast::BinaryOp::less_equal:
      return left <= right;
    case ast::BinaryOp::greater:
      return left > right;
    case ast::BinaryOp::greater_equal:
      return left >= right;
    default:
      return std::nullopt;
  }
}

}  // namespace

bool is_arithmetic(ast::BinaryOp op) {
  using ast::BinaryOp;
  return op == BinaryOp::add || op == BinaryOp::subtract || op == BinaryOp::multiply || op == BinaryOp::divide ||
         op == BinaryOp::modulo;
}

void ConstantScope::declare_members(const std::string& module, const ConstantScope& members) {
  for (const auto& [name, value] : members.own_) {
    if (name.find('.') == std::string::npos) declare(module + "." + name, value);
  }
}

const NamedValue* ConstantScope::find(const std::string& name) const {
  const auto found = own_.find(name);
  if (found != own_.end()) return &found->second;
  return outer_ != nullptr ? outer_->find(name) : nullptr;
}

std::vector<std::string_view> ConstantScope::value_names() const {
  std::vector<std::string_view> names;
  for (const ConstantScope* scope = this; scope != nullptr; scope = scope->outer_) {
    for (const auto& [name, value] : scope->own_) {
      if (value.other_kind.empty()) names.push_back(name);
    }
  }
  return names;
}

std::vector<std::string_view> ConstantScope::tensor_names() const {
  std::vector<std::string_view> names;
  for (const ConstantScope* scope = this; scope != nullptr; scope = scope->outer_) {
    for (const auto& [name, value] : scope->own_) {
      if (value.other_kind == "tensor") names.push_back(name);
    }
  }
  return names;
}

std::optional<Value> Evaluator::evaluate(const ast::Expr& expr) const {
  if (const auto* number = std::get_if<ast::NumberExpr>(&expr.value)) {
    return number->is_integer ? Value(number->integer) : Value(number->value);
  }
  if (const auto* flag = std::get_if<ast::BoolExpr>(&expr.value)) return flag->value;
  if (const auto* dims = std::get_if<ast::DimsExpr>(&expr.value)) return dims->dims;
  if (const auto* list = std::get_if<ast::ListExpr>(&expr.value)) return evaluate_list(*list, expr.range);
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.value);
      name != nullptr && name->name.text == "actions" && actions_) {
    return *actions_;
  }
  if (const auto* unary = std::get_if<ast::UnaryExpr>(&expr.value)) return evaluate_unary(*unary, expr.range);
  if (const auto* binary = std::get_if<ast::BinaryExpr>(&expr.value)) return evaluate_binary(*binary, expr.range);
  if (is_named_value(expr)) {
    const Value* value = find_named_value(expr);
    return value != nullptr ? std::optional(*value) : std::nullopt;
  }
  const auto* call = std::get_if<ast::CallExpr>(&expr.value);
  if (call != nullptr && !call->module && call->callee.text == "len") return evaluate_length(*call, expr.range);
  if (call != nullptr && is_size_query(*call)) return evaluate_size(*call, expr.range);
  Report(code("E0205"), expr.range, "a piece of network stands where a compile-time value is needed").to(sink_);
  return std::nullopt;
}

std::optional<Value> Evaluator::evaluate_as(const ast::Expr& expr, ValueType type, const std::string& what) const {
  std::optional<Value> value = evaluate(expr);
  if (!value) return std::nullopt;
  std::optional<Value> converted = convert(*value, type);
  if (!converted) report_wrong_type(*value, type, expr.range, what);
  return converted;
}

std::optional<double> Evaluator::evaluate_real(const ast::Expr& expr, const std::string& what) const {
  const auto* unary = std::get_if<ast::UnaryExpr>(&expr.value);
  if (unary != nullptr && unary->op == '-') {
    const std::optional<double> operand = evaluate_real(*unary->operand, what);
    return operand ? std::optional(-*operand) : std::nullopt;
  }
  const auto* binary = std::get_if<ast::BinaryExpr>(&expr.value);
  if (binary == nullptr || !is_arithmetic(binary->op)) return evaluate_number(expr, what);
  const std::optional<double> left = evaluate_real(*binary->left, what);
  const std::optional<double> right = evaluate_real(*binary->right, what);
  if (!left || !right) return std::nullopt;
  const std::optional<Value> result = number_arithmetic(*binary, *left, *right, expr.range);
  return result ? std::optional(std::get<double>(*result)) : std::nullopt;
}

void Evaluator::report_wrong_type(const Value& value, ValueType needed, SourceRange range,
                                  const std::string& what) const {
  Report(code("E0204"), range,
         quoted(to_text(value)) + " is " + type_text(value) + ", but " + what + " needs " + type_text(needed))
      .to(sink_);
}

const NamedValue* Evaluator::find_name(const ast::Name& name) const {
  const NamedValue* named = scope_.find(name.text);
  if (named != nullptr && !named->other_kind.empty()) {
    Report(code("E0205"), name.range,
           quoted(name.text) + " is " + with_article(named->other_kind) + ", but a compile-time value is needed")
        .note(named->range, quoted(name.text) + " is declared here")
        .to(sink_);
    return nullptr;
  }
  if (named != nullptr) return named;
  if (name.text == "actions") {
    Report(code("E0210"), name.range, "`actions` stands outside the body of a control node")
        .advise("write the number, or move the layer into a `control`")
        .to(sink_);
    return nullptr;
  }
  Report(code("E0201"), name.range, "no constant or parameter is named " + quoted(name.text))
      .did_you_mean(name.range, diag::closest(name.text, scope_.value_names()))
      .to(sink_);
  return nullptr;
}

const NamedValue* Evaluator::find_member(const ast::CallExpr& member, SourceRange range) const {
  const std::string name = member.module->text + "." + member.callee.text;
  if (const NamedValue* named = scope_.find(name)) return named;
  Report(code("E0201"), range, "no constant is named " + quoted(name))
      .did_you_mean(range, diag::closest(name, scope_.value_names()))
      .to(sink_);
  return nullptr;
}

std::optional<Value> Evaluator::evaluate_unary(const ast::UnaryExpr& unary, SourceRange range) const {
  const std::optional<Value> operand = evaluate(*unary.operand);
  if (!operand) return std::nullopt;
  if (unary.op == '!') {
    if (const bool* flag = std::get_if<bool>(&*operand)) return !*flag;
  } else if (const auto* integer = std::get_if<std::int64_t>(&*operand)) {
    std::int64_t result = 0;
    if (!__builtin_sub_overflow(std::int64_t{0}, *integer, &result)) return result;
    Report(code("E0206"), range, "the negative of " + to_text(*operand) + " is beyond 64 bits").to(sink_);
    return std::nullopt;
  } else if (const auto* number = std::get_if<double>(&*operand)) {
    return -*number;
  }
  Report(code("E0204"), range,
         quoted(std::string(1, unary.op)) + " takes a " + (unary.op == '!' ? "`bool`" : "number") + ", found " +
             type_text(*operand))
      .to(sink_);
  return std::nullopt;
}

std::optional<Value> Evaluator::evaluate_guarded(const ast::Expr& expr) const {
  diag::Sink found;
  std::optional<Value> value = Evaluator(scope_, found, actions_, is_shape_missed_).evaluate(expr);
  bool is_wrong = false;
  for (const diag::Diagnostic& said : found.sorted()) {
    constexpr std::array lack_of_value{code("E0206"), code("E0207"), code("E0221"), code("E0313")};
    if (std::ranges::find(lack_of_value, said.code) != lack_of_value.end()) continue;
    sink_.report(said);
    is_wrong = true;
  }
  if (value) return value;
  if (is_wrong) return std::nullopt;
  // What it would be does not matter, only its type.
  const auto* binary = std::get_if<ast::BinaryExpr>(&expr.value);
  const auto* unary = std::get_if<ast::UnaryExpr>(&expr.value);
  const bool is_boolean = binary != nullptr ? !is_arithmetic(binary->op) : unary == nullptr || unary->op == '!';
  if (is_boolean) return false;
  return std::int64_t{0};
}

std::optional<Value> Evaluator::evaluate_binary(const ast::BinaryExpr& binary, SourceRange range) const {
  if (binary.op == ast::BinaryOp::matrix_product) {
    Report(code("E0205"), binary.op_range, "`@` takes tensors, but a compile-time value is needed").to(sink_);
    return std::nullopt;
  }
  const std::optional<Value> left = evaluate(*binary.left);
  const bool is_logical = binary.op == ast::BinaryOp::logical_and || binary.op == ast::BinaryOp::logical_or;
  const bool is_decided = left && is_logical && type_of(*left) == ValueType::boolean &&
                          std::get<bool>(*left) == (binary.op == ast::BinaryOp::logical_or);
  const std::optional<Value> right = is_decided ? evaluate_guarded(*binary.right) : evaluate(*binary.right);
  if (!left || !right) return std::nullopt;
  const bool is_equality = binary.op == ast::BinaryOp::equal || binary.op == ast::BinaryOp::not_equal;
  if (is_number(*left) && is_number(*right) && !is_logical) {
    const auto* left_integer = std::get_if<std::int64_t>(&*left);
    const auto* right_integer = std::get_if<std::int64_t>(&*right);
    if (left_integer && right_integer) return integer_arithmetic(binary, *left_integer, *right_integer, range);
    return number_arithmetic(binary, as_double(*left), as_double(*right), range);
  }
  if (type_of(*left) == ValueType::boolean && type_of(*right) == ValueType::boolean && (is_logical || is_equality)) {
    const bool a = std::get<bool>(*left);
    const bool b = std::get<bool>(*right);
    if (is_equality) return compare(binary.op, a, b);
    return binary.op == ast::BinaryOp::logical_and ? a && b : a || b;
  }
  if (type_of(*left) == ValueType::dims && type_of(*right) == ValueType::dims && is_equality) {
    return compare(binary.op, std::get<Dims>(*left), std::get<Dims>(*right));
  }
  if (type_of(*left) == ValueType::list && type_of(*right) == ValueType::list && is_equality) {
    return (std::get<List>(*left) == std::get<List>(*right)) == (binary.op == ast::BinaryOp::equal);
  }
  Report(code("E0204"), binary.op_range,
         quoted(operator_text(binary.op)) + " has " + type_text(*left) + " on its left and " + type_text(*right) +
             " on its right, but takes " +
             (is_logical    ? "two of `bool`"
              : is_equality ? "two of one type"
                            : "two numbers"))
      .to(sink_);
  return std::nullopt;
}

std::optional<Value> Evaluator::integer_arithmetic(const ast::BinaryExpr& binary, std::int64_t left, std::int64_t right,
                                                   SourceRange range) const {
  if (auto result = compare(binary.op, left, right)) return result;
  std::int64_t result = 0;
  bool overflows = false;
  if (binary.op == ast::BinaryOp::add) {
    overflows = __builtin_add_overflow(left, right, &result);
  } else if (binary.op == ast::BinaryOp::subtract) {
    overflows = __builtin_sub_overflow(left, right, &result);
  } else if (binary.op == ast::BinaryOp::multiply) {
    overflows = __builtin_mul_overflow(left, right, &result);
  } else if (right == 0) {
    Report(code("E0207"), binary.right->range, "the divisor is 0").to(sink_);
    return std::nullopt;
  } else if (right == -1) {  // the one division of int64 that overflows
    overflows = binary.op == ast::BinaryOp::divide && __builtin_sub_overflow(std::int64_t{0}, left, &result);
  } else {
    result = binary.op == ast::BinaryOp::divide ? left / right : left % right;
  }
  if (!overflows) return result;
  Report(code("E0206"), range,
         quoted(std::to_string(left) + " " + operator_text(binary.op) + " " + std::to_string(right)) +
             " is beyond 64 bits")
      .to(sink_);
  return std::nullopt;
}

std::optional<Value> Evaluator::number_arithmetic(const ast::BinaryExpr& binary, double left, double right,
                                                  SourceRange range) const {
  if (auto result = compare(binary.op, left, right)) return result;
  const bool divides = binary.op == ast::BinaryOp::divide || binary.op == ast::BinaryOp::modulo;
  if (divides && right == 0) {
    Report(code("E0207"), binary.right->range, "the divisor is 0").to(sink_);
    return std::nullopt;
  }
  double result = 0;
  if (binary.op == ast::BinaryOp::add) result = left + right;
  if (binary.op == ast::BinaryOp::subtract) result = left - right;
  if (binary.op == ast::BinaryOp::multiply) result = left * right;
  if (binary.op == ast::BinaryOp::divide) result = left / right;
  if (binary.op == ast::BinaryOp::modulo) result = std::fmod(left, right);
  if (std::isfinite(result)) return result;
  Report(code("E0206"), range, "the result of " + quoted(operator_text(binary.op)) + " is beyond the range of `float`")
      .to(sink_);
  return std::nullopt;
}

std::optional<double> Evaluator::evaluate_number(const ast::Expr& expr, const std::string& what) const {
  const std::optional<Value> value = evaluate_as(expr, ValueType::number, what);
  return value ? std::optional<double>(std::get<double>(*value)) : std::nullopt;
}

std::optional<std::vector<double>> Evaluator::evaluate_numbers(const ast::Expr& expr, const std::string& what) const {
  const auto* list = std::get_if<ast::ListExpr>(&expr.value);
  if (list == nullptr) {
    std::optional<Value> made;
    const Value* value = find_value(expr, made);
    return value != nullptr ? numbers_of(*value, expr.range, what) : std::nullopt;
  }
  std::vector<double> numbers;
  for (const ast::ExprPtr& item : list->items) {
    const std::optional<double> number = evaluate_number(*item, "an element of " + what);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<TensorLiteral> Evaluator::evaluate_tensor(const ast::Expr& expr, const std::string& what) const {
  if (!std::holds_alternative<ast::ListExpr>(expr.value)) {
    std::optional<Value> made;
    const Value* value = find_value(expr, made);
    if (value == nullptr) return std::nullopt;
    if (const List* list = std::get_if<List>(value)) return tensor_of(*list, expr.range, what);
  }
  TensorLiteral literal;
  // The first element of each depth gives the dimensions; append_tensor holds all others to them.
  for (const ast::Expr* level = &expr; const auto* list = std::get_if<ast::ListExpr>(&level->value);) {
    if (list->items.empty()) {
      Report(code("E0312"), level->range, what + " has an empty list").to(sink_);
      return std::nullopt;
    }
    literal.dims.push_back(static_cast<std::int64_t>(list->items.size()));
    level = list->items[0].get();
  }
  if (!append_tensor(expr, 0, literal, what)) return std::nullopt;
  return literal;
}

bool Evaluator::append_tensor(const ast::Expr& expr, std::size_t depth, TensorLiteral& literal,
                              const std::string& what) const {
  const auto* list = std::get_if<ast::ListExpr>(&expr.value);
  if ((list != nullptr) != (depth < literal.dims.size())) {
    Report(code("E0312"), expr.range,
           list != nullptr ? "a list stands beside numbers in " + what : "a number stands beside lists in " + what)
        .to(sink_);
    return false;
  }
  if (list == nullptr) {
    const std::optional<Value> number = evaluate_as(expr, ValueType::number, what);
    return number && append_number(*number, expr.range, literal, what);
  }
  if (static_cast<std::int64_t>(list->items.size()) != literal.dims[depth]) {
    Report(code("E0312"), expr.range,
           "this list has " + counted(list->items.size(), "element") + ", the first of its depth has " +
               std::to_string(literal.dims[depth]))
        .to(sink_);
    return false;
  }
  for (const ast::ExprPtr& item : list->items) {
    if (!append_tensor(*item, depth + 1, literal, what)) return false;
  }
  return true;
}

bool Evaluator::append_number(const Value& value, SourceRange range, TensorLiteral& literal,
                              const std::string& what) const {
  const std::optional<Value> number = convert(value, ValueType::number);
  if (!number) {
    report_wrong_type(value, ValueType::number, range, what);
    return false;
  }
  literal.values.push_back(static_cast<float>(std::get<double>(*number)));
  if (std::isfinite(literal.values.back())) return true;
  Report(code("E0211"), range, quoted(to_text(*number)) + " is beyond the range of f32").to(sink_);
  return false;
}

}  // namespace d2nn::sema
