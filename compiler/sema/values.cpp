// Text and conversions of compile-time values. Reading is strict: the whole text is the value, or there is none.
#include "sema/values.h"

#include <array>
#include <charconv>
#include <cmath>

#include "ops/arguments.h"

namespace d2nn::sema {
namespace {

constexpr std::array<std::string_view, 4> type_names{"int", "float", "bool", "dims"};

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

}  // namespace

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
  for (std::int64_t dim : std::get<Dims>(value)) text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

std::optional<Value> convert(const Value& value, ValueType type) {
  if (type_of(value) == type) return value;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    if (type == ValueType::number) return static_cast<double>(*integer);
    if (type == ValueType::dims) return Dims{*integer};
  }
  return std::nullopt;
}

std::optional<Value> parse_value(std::string_view text, ValueType type) {
  if (type == ValueType::dims) return parse_dims(text);
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
