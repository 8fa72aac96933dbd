// Text and conversions of compile-time values. Reading is strict: the whole text is the value, or there is none.
#include "sema/values.h"

#include <array>
#include <charconv>
#include <cmath>

#include "ops/arguments.h"

namespace d2nn::sema {
namespace {

constexpr std::array<std::string_view, 5> type_names{"int", "float", "bool", "dims", "list"};
/// Lists in one another that -D may give.
constexpr int max_list_depth = 32;

template <class Number>
std::optional<Number> read_all(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return number;
}

std::optional<Value> parse_dims(std::string_view text) {
  Dims dims;
  while (true) {
    const std::size_t cut = text.find('x');
    const auto dim = read_all<std::int64_t>(text.substr(0, cut));
    if (!dim || *dim < 0) return std::nullopt;
    dims.push_back(*dim);
    if (cut == std::string_view::npos) return dims;
    text.remove_prefix(cut + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view{}
                                         : text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

/// "[1, 0.5, [3x3, true]]": each item is what it reads as.
std::optional<Value> parse_list(std::string_view text, int depth) {
  text = trimmed(text);
  if (depth > max_list_depth || text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  text = trimmed(text.substr(1, text.size() - 2));
  std::vector<Value> items;
  while (!text.empty()) {
    int open = 0;
    std::size_t cut = 0;
    for (; cut < text.size() && (open > 0 || text[cut] != ','); ++cut)
      open += text[cut] == '[' ? 1 : text[cut] == ']' ? -1 : 0;
    const std::string_view item = trimmed(text.substr(0, cut));
    std::optional<Value> value = parse_list(item, depth + 1);
    for (const ValueType type : {ValueType::integer, ValueType::number, ValueType::boolean}) {
      if (!value) value = parse_value(item, type);
    }
    if (!value) value = parse_dims(item);
    if (!value) return std::nullopt;
    items.push_back(std::move(*value));
    if (cut == text.size()) break;
    text.remove_prefix(cut + 1);
    if (trimmed(text).empty()) return std::nullopt;  // a comma at the end
  }
  return List(std::move(items));
}

}  // namespace

bool operator==(const List& left, const List& right) {
  return left.items == right.items;
}

std::string_view spelling(ValueType type) {
  return type_names[static_cast<std::size_t>(type)];
}

std::span<const std::string_view> type_spellings() {
  return type_names;
}

std::optional<ValueType> find_type(std::string_view spelling) {
  for (std::size_t i = 0; i < type_names.size(); ++i) {
    if (type_names[i] == spelling) return static_cast<ValueType>(i);
  }
  return std::nullopt;
}

std::string to_text(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return ops::number_text(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  std::string text;
  if (const auto* list = std::get_if<List>(&value)) {
    for (const Value& item : list->items) text += (text.empty() ? "" : ", ") + to_text(item);
    return "[" + text + "]";
  }
  for (std::int64_t dim : std::get<Dims>(value)) text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

std::optional<Value> convert(const Value& value, ValueType type) {
  if (type_of(value) == type) return value;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    if (type == ValueType::number) return static_cast<double>(*integer);
    if (type == ValueType::dims) return Dims{*integer};
  }
  if (const auto* list = std::get_if<List>(&value); list != nullptr && type == ValueType::dims) {
    Dims dims;
    for (const Value& item : list->items) {
      const auto* dim = std::get_if<std::int64_t>(&item);
      if (dim == nullptr) return std::nullopt;
      dims.push_back(*dim);
    }
    if (!dims.empty()) return dims;
  }
  return std::nullopt;
}

std::optional<Value> parse_value(std::string_view text, ValueType type) {
  if (type == ValueType::list) return parse_list(text, 0);
  if (type == ValueType::dims) {
    const std::optional<Value> list = text.starts_with('[') ? parse_list(text, 0) : std::nullopt;
    return list ? convert(*list, type) : parse_dims(text);
  }
  if (type == ValueType::boolean) {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
  }
  if (type == ValueType::integer) {
    const auto integer = read_all<std::int64_t>(text);
    return integer ? std::optional<Value>(*integer) : std::nullopt;
  }
  const auto number = read_all<double>(text);
  return number && std::isfinite(*number) ? std::optional<Value>(*number) : std::nullopt;
}

}  // namespace d2nn::sema
