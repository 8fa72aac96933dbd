#include "driver/c_names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace d2nn::driver {
namespace {

// Words of C11, C23 and C++20, sorted; then what headers define as macros or types that generated code uses.
constexpr auto words = std::to_array<std::string_view>({
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "typeof_unqual",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
});
static_assert(std::ranges::is_sorted(words));
constexpr auto macros_and_types =
    std::to_array<std::string_view>({"EOF", "I", "NAN", "INFINITY", "NULL", "assert", "complex", "errno", "imaginary",
                                     "linux", "noreturn", "size_t", "stderr", "stdin", "stdout", "uint8_t", "unix"});

/// A leading underscore is the compiler's and the library's (`__LINE__`, `_Bool`), d2nn_ and D2NN_ are d2nn/d2nn.h's.
bool has_foreign_beginning(std::string_view name) {
  return name.starts_with('_') || name.starts_with("d2nn_") || name.starts_with("D2NN_");
}

bool is_reserved(std::string_view name) {
  return std::ranges::binary_search(words, name) || std::ranges::find(macros_and_types, name) != macros_and_types.end();
}

bool is_letter_or_digit(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

std::string fold_to_identifier(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (is_letter_or_digit(c) || c == '_') {
      text += c;
    } else if (c == '[') {
      text += '_';
    }
  }
  return text;
}

std::string fold_injectively(std::string_view name) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char c : name) {
    if (is_letter_or_digit(c)) {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text += '_';
      text += digits[byte >> 4];
      text += digits[byte & 15];
    }
  }
  return text;
}

std::string CNames::take(std::string wanted) {
  if (has_foreign_beginning(wanted)) wanted.insert(0, "n_");
  while (is_reserved(wanted) || taken_.contains(wanted)) wanted += '_';
  taken_.insert(wanted);
  return wanted;
}

}  // namespace d2nn::driver
