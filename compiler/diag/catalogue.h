// Every code that d2nn can report, once. To add one: a line here in order of codes, a page docs/errors/CODE.md, a
// golden case. Used as `Diagnostic{.code = code("E0106"), ...}`; a code that is not here does not compile.
//   E01 syntax           E02 names and constants   E03 shapes and layer arguments   E04 graph rules
//   E05 control edges, paths, outputs   E06 train   E07 weights and data   E08 command line   E09 target and link
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "diag/diagnostic.h"

namespace d2nn::diag {

/// All codes, ascending. A number, once released, is never reused for another meaning.
// clang-format off
inline constexpr auto catalogue = std::to_array<DiagnosticCode>({
    // E01 syntax
    {"E0101", Severity::error, "the file is not UTF-8 text"},
    {"E0102", Severity::error, "a character that means nothing here"},
    {"E0103", Severity::error, "a comment or string without an end"},
    {"E0104", Severity::error, "too deeply nested"},
    {"E0105", Severity::error, "a number that cannot be read"},
    {"E0106", Severity::error, "something else was expected here"},
    {"E0107", Severity::error, "a missing semicolon"},
    {"E0108", Severity::error, "a word that begins no declaration"},
    {"E0109", Severity::error, "a word of the language used as a name"},
    {"E0110", Severity::error, "a bracket that is not closed"},
    {"E0111", Severity::error, "a property given twice"},
    {"E0112", Severity::error, "a declaration in the wrong place"},
    {"E0113", Severity::error, "control edges with several sources"},
    {"E0114", Severity::error, "an unknown statement in `train`"},
    {"E0115", Severity::error, "an unknown element type"},
    {"E0116", Severity::error, "a file too large to be a program"},
});
// clang-format on

/// The entry of a code given as text, or nullptr.
constexpr const DiagnosticCode* find_code(std::string_view code) {
  for (const DiagnosticCode& entry : catalogue) {
    if (code == entry.code) return &entry;
  }
  return nullptr;
}

/// The entry of a code of the catalogue; any other does not compile.
consteval const DiagnosticCode* code(std::string_view text) {
  const DiagnosticCode* entry = find_code(text);
  if (entry == nullptr) throw "this code does not stand in the catalogue";
  return entry;
}

namespace detail {

constexpr bool is_well_formed(std::string_view code) {
  if (code.size() != 5 || code[0] != 'E') return false;
  for (const char digit : code.substr(1)) {
    if (digit < '0' || digit > '9') return false;
  }
  return true;
}

constexpr bool is_sorted_and_unique() {
  for (std::size_t i = 0; i < catalogue.size(); ++i) {
    if (!is_well_formed(catalogue[i].code)) return false;
    if (i > 0 && std::string_view(catalogue[i - 1].code) >= catalogue[i].code) return false;
  }
  return true;
}

}  // namespace detail

static_assert(detail::is_sorted_and_unique(), "codes are `E` and four digits, ascending, each once");

}  // namespace d2nn::diag
