// `const` declarations and network parameters: names that get compile-time values.
#include <map>

#include "diag/spelling.h"
#include "sema/constants.h"
#include "sema/order.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

using ConstantIndex = std::map<std::string, std::uint32_t>;

/// Adds the constants that the expression names.
void collect_constants(const ast::Expr& expr, const ConstantIndex& constants, std::vector<std::uint32_t>& found) {
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.value)) {
    const auto constant = constants.find(name->name.text);
    if (constant != constants.end()) found.push_back(constant->second);
  } else if (const auto* unary = std::get_if<ast::UnaryExpr>(&expr.value)) {
    collect_constants(*unary->operand, constants, found);
  } else if (const auto* binary = std::get_if<ast::BinaryExpr>(&expr.value)) {
    collect_constants(*binary->left, constants, found);
    collect_constants(*binary->right, constants, found);
  } else if (const auto* list = std::get_if<ast::ListExpr>(&expr.value)) {
    for (const ast::ExprPtr& item : list->items) collect_constants(*item, constants, found);
  } else if (const auto* index = std::get_if<ast::IndexExpr>(&expr.value)) {
    collect_constants(*index->base, constants, found);
    collect_constants(*index->index, constants, found);
  } else if (const auto* call = std::get_if<ast::CallExpr>(&expr.value)) {
    for (const ast::Argument& argument : call->arguments) collect_constants(*argument.value, constants, found);
  }
}

/// The text of -DNAME=...; the last one given wins, as in a compiler's.
const std::string* definition_of(const std::string& name, const CheckOptions& options) {
  const std::string* text = nullptr;
  for (const auto& [defined, value] : options.definitions) {
    if (defined == name) text = &value;
  }
  return text;
}

std::optional<Value> parameter_value(const ast::Parameter& parameter, ValueType type, const CheckOptions& options,
                                     const ConstantScope& scope, diag::Sink& sink) {
  const std::string what = "parameter " + quoted(parameter.name.text);
  std::optional<Value> value;
  if (parameter.fallback) {
    value = Evaluator(scope, sink).evaluate_as(*parameter.fallback, type, what);
    if (!value) return std::nullopt;
  }
  if (const std::string* text = definition_of(parameter.name.text, options)) {
    value = parse_value(*text, type);
    if (value) return value;
    Report(code("E0804"), parameter.range,
           "`-D" + parameter.name.text + "=" + *text + "` gives no " + quoted(std::string(spelling(type))))
        .to(sink);
  } else if (!value) {
    Report(code("E0209"), parameter.name.range, what + " has no value")
        .advise("pass `-D" + parameter.name.text + "=...`, or give it a default")
        .to(sink);
  }
  return value;
}

}  // namespace

std::optional<ValueType> parameter_type(const ast::Parameter& parameter, diag::Sink& sink) {
  const std::optional<ValueType> type = find_type(parameter.type.text);
  if (!type) {
    Report(
        code("E0212"), parameter.type.range,
        quoted(parameter.type.text) + " is no type of a parameter, which is `int`, `float`, `bool`, `dims` or `list`")
        .did_you_mean(parameter.type.range, diag::closest(parameter.type.text, type_spellings()))
        .to(sink);
  }
  return type;
}

void evaluate_constants(const std::vector<const ast::Const*>& constants, ConstantScope& scope, diag::Sink& sink) {
  ConstantIndex index;
  for (std::uint32_t i = 0; i < constants.size(); ++i) index.emplace(constants[i]->name.text, i);
  std::vector<std::vector<std::uint32_t>> users(constants.size());
  for (std::uint32_t i = 0; i < constants.size(); ++i) {
    std::vector<std::uint32_t> needed;
    collect_constants(*constants[i]->value, index, needed);
    for (std::uint32_t other : needed) users[other].push_back(i);
  }
  const Order order = topological_order(users);
  for (const std::vector<std::uint32_t>& cycle : order.cycles) {
    const ast::Const& first = *constants[cycle.front()];
    Report report(code("E0208"), first.name.range, "the value of " + quoted(first.name.text) + " needs itself");
    for (std::size_t i = 1; i < cycle.size(); ++i) {
      const ast::Name& name = constants[cycle[i]]->name;
      report.note(name.range, "by way of " + quoted(name.text));
    }
    report.to(sink);
  }
  for (std::uint32_t i : order.sorted) {
    const ast::Const& constant = *constants[i];
    scope.declare(constant.name.text, {constant.name.range, Evaluator(scope, sink).evaluate(*constant.value), {}});
  }
  // What is left stands on a cycle or needs one.
  for (const ast::Const* constant : constants) {
    if (scope.find(constant->name.text) == nullptr) {
      scope.declare(constant->name.text, {constant->name.range, std::nullopt, {}});
    }
  }
}

std::vector<std::pair<std::string, std::string>> evaluate_parameters(const ast::Network& network,
                                                                     const CheckOptions& options, ConstantScope& scope,
                                                                     diag::Sink& sink) {
  std::vector<std::pair<std::string, std::string>> settings;
  std::map<std::string, SourceRange> own;
  for (const ast::Parameter& parameter : network.params) {
    if (!own.emplace(parameter.name.text, parameter.name.range).second) continue;
    std::optional<Value> value;
    if (const auto type = parameter_type(parameter, sink)) {
      value = parameter_value(parameter, *type, options, scope, sink);
    }
    if (value) settings.emplace_back(parameter.name.text, to_text(*value));
    scope.declare(parameter.name.text, {parameter.name.range, value, {}});
  }
  return settings;
}

}  // namespace d2nn::sema
