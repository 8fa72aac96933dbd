// Lists of compile-time values: `[16, 32, 64]`, `widths[i]`, `len(widths)`, and lists where a layer or a tensor takes
// numbers. A list that has a name is read where it stands: a loop would copy it in every round.
#include <cmath>

#include "sema/constants.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

/// Values of a list, those of the lists in it too: lists of lists of lists would soon fill the memory.
constexpr std::size_t max_list_values = std::size_t{1} << 14;

std::size_t value_count(const Value& value) {
  const List* list = std::get_if<List>(&value);
  if (list == nullptr) return 1;
  std::size_t count = 1;
  for (const Value& item : list->items) count += value_count(item);
  return count;
}

std::string quoted_type(const Value& value) {
  return with_article(quoted(std::string(spelling(type_of(value)))));
}

}  // namespace

std::optional<Value> Evaluator::evaluate_list(const ast::ListExpr& list, SourceRange range) const {
  std::vector<Value> items;
  bool is_well = true;
  std::size_t count = 0;
  for (const ast::ExprPtr& item : list.items) {
    std::optional<Value> value = evaluate(*item);
    is_well = is_well && value;
    if (!value) continue;
    count += value_count(*value);
    if (count > max_list_values) {
      Report(code("E0308"), range, "the list has more than " + std::to_string(max_list_values) + " values").to(sink_);
      return std::nullopt;
    }
    items.push_back(std::move(*value));
  }
  return is_well ? std::optional<Value>(List(std::move(items))) : std::nullopt;
}

bool Evaluator::is_named_value(const ast::Expr& expr) {
  const auto* call = std::get_if<ast::CallExpr>(&expr.value);
  if (call != nullptr) return call->module && !call->has_arguments && !call->tensors && !call->label;
  return std::holds_alternative<ast::NameExpr>(expr.value) || std::holds_alternative<ast::IndexExpr>(expr.value);
}

const Value* Evaluator::find_named_value(const ast::Expr& expr) const {
  if (const auto* index = std::get_if<ast::IndexExpr>(&expr.value)) return find_item(*index, expr.range);
  const auto* name = std::get_if<ast::NameExpr>(&expr.value);
  const NamedValue* named =
      name != nullptr ? find_name(name->name) : find_member(std::get<ast::CallExpr>(expr.value), expr.range);
  return named != nullptr && named->value ? &*named->value : nullptr;
}

const Value* Evaluator::find_value(const ast::Expr& expr, std::optional<Value>& made) const {
  const auto* name = std::get_if<ast::NameExpr>(&expr.value);
  const bool is_actions = name != nullptr && name->name.text == "actions";
  if (is_named_value(expr) && !is_actions) return find_named_value(expr);
  made = evaluate(expr);
  return made ? &*made : nullptr;
}

const Value* Evaluator::find_item(const ast::IndexExpr& index, SourceRange range) const {
  const Value* base = find_named_value(*index.base);  // the grammar indexes names only
  const auto position = evaluate_as(*index.index, ValueType::integer, "an index");
  if (base == nullptr || !position) return nullptr;
  const List* list = std::get_if<List>(base);
  if (list == nullptr) {
    Report(code("E0204"), index.base->range,
           quoted(to_text(*base)) + " is " + quoted_type(*base) + ", but an index needs a `list`")
        .to(sink_);
    return nullptr;
  }
  const std::int64_t at = std::get<std::int64_t>(*position);
  const auto count = static_cast<std::int64_t>(list->items.size());
  if (at >= 0 && at < count) return &list->items[static_cast<std::size_t>(at)];
  Report(code("E0221"), range,
         "the index is " + std::to_string(at) + ", but the list has " + counted(list->items.size(), "value"))
      .advise(count == 0 ? "" : "the first index is 0, the last " + std::to_string(count - 1))
      .to(sink_);
  return nullptr;
}

std::optional<Value> Evaluator::evaluate_length(const ast::CallExpr& call, SourceRange range) const {
  if (call.arguments.size() != 1 || call.arguments[0].name || call.tensors || call.label) {
    Report(code("E0303"), range, "`len` takes one list").advise("write `len(widths)`").to(sink_);
    return std::nullopt;
  }
  std::optional<Value> made;
  const Value* value = find_value(*call.arguments[0].value, made);
  if (value == nullptr) return std::nullopt;
  if (const List* list = std::get_if<List>(value)) return static_cast<std::int64_t>(list->items.size());
  Report(code("E0204"), call.arguments[0].range,
         quoted(to_text(*value)) + " is " + quoted_type(*value) + ", but `len` needs a `list`")
      .to(sink_);
  return std::nullopt;
}

std::optional<std::vector<double>> Evaluator::numbers_of(const Value& value, SourceRange range,
                                                         const std::string& what) const {
  std::vector<double> numbers;
  const List* list = std::get_if<List>(&value);
  for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
    const std::optional<Value> number = convert(list->items[i], ValueType::number);
    if (!number) {
      report_wrong_type(list->items[i], ValueType::number, range, "an element of " + what);
      return std::nullopt;
    }
    numbers.push_back(std::get<double>(*number));
  }
  if (list != nullptr) return numbers;
  Report(code("E0204"), range, what + " needs a list of numbers, as in `[0.5, 0.5]`").to(sink_);
  return std::nullopt;
}

std::optional<TensorLiteral> Evaluator::tensor_of(const List& list, SourceRange range, const std::string& what) const {
  TensorLiteral literal;
  const List* level = &list;
  while (level != nullptr && !level->items.empty()) {
    literal.dims.push_back(static_cast<std::int64_t>(level->items.size()));
    level = std::get_if<List>(&level->items[0]);
  }
  if (level != nullptr) {
    Report(code("E0312"), range, what + " has an empty list").to(sink_);
    return std::nullopt;
  }
  for (const Value& item : list.items) {
    if (!append_values(item, 1, range, literal, what)) return std::nullopt;
  }
  return literal;
}

bool Evaluator::append_values(const Value& value, std::size_t depth, SourceRange range, TensorLiteral& literal,
                              const std::string& what) const {
  const List* list = std::get_if<List>(&value);
  if (list == nullptr && depth == literal.dims.size()) return append_number(value, range, literal, what);
  if (list == nullptr || depth == literal.dims.size() ||
      static_cast<std::int64_t>(list->items.size()) != literal.dims[depth]) {
    Report(code("E0312"), range, "the lists of one depth in " + what + " differ in their numbers of elements")
        .to(sink_);
    return false;
  }
  for (const Value& item : list->items) {
    if (!append_values(item, depth + 1, range, literal, what)) return false;
  }
  return true;
}

}  // namespace d2nn::sema
