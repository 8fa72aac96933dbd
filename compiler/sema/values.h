// Compile-time values: numbers, booleans, dims and lists of values; and lists of numbers in the form of a tensor.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace d2nn::sema {

using Dims = std::vector<std::int64_t>;
struct Value;
/// "[16, 32, 64]": values of any type, lists among them.
struct List {
  explicit List(std::vector<Value> values);
  std::vector<Value> items;
  friend bool operator==(const List& left, const List& right);
};
/// int, float, bool, dims, list, in the order of ValueType.
struct Value : std::variant<std::int64_t, double, bool, Dims, List> {
  using variant::variant;
};
enum class ValueType { integer, number, boolean, dims, list };

inline List::List(std::vector<Value> values) : items(std::move(values)) {}

inline ValueType type_of(const Value& value) {
  return static_cast<ValueType>(value.index());
}

/// As written in the language: "int", "float", "bool", "dims", "list".
std::string_view spelling(ValueType type);
/// All of them.
std::span<const std::string_view> type_spellings();
/// The type of that spelling, or nothing.
std::optional<ValueType> find_type(std::string_view spelling);
/// As written in the language: "3", "0.5", "true", "3x3", "[16, 32]".
std::string to_text(const Value& value);
/// The value as the type, if it is of it: an int is also a float, and dims of one dimension, a list of ints is also
/// dims. Else nothing.
std::optional<Value> convert(const Value& value, ValueType type);
/// Reads the value of -DNAME=VALUE; nothing when the text is no value of the type or out of range.
std::optional<Value> parse_value(std::string_view text, ValueType type);

/// A number, or nested lists of them with equal lengths.
struct TensorLiteral {
  std::vector<float> values;
  Dims dims;  // empty: one number, to be broadcast
};

}  // namespace d2nn::sema
