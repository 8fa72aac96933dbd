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
    // E02 names and constants
    {"E0201", Severity::error, "a name that is not declared"},
    {"E0202", Severity::error, "a name declared twice"},
    {"E0203", Severity::error, "an unknown layer or block"},
    {"E0204", Severity::error, "a compile-time value of the wrong type"},
    {"E0205", Severity::error, "a tensor and a compile-time value mistaken for one another"},
    {"E0206", Severity::error, "arithmetic beyond the range of numbers"},
    {"E0207", Severity::error, "a division by zero"},
    {"E0208", Severity::error, "constants that need each other"},
    {"E0209", Severity::error, "a network parameter without a value"},
    {"E0210", Severity::error, "`actions` outside a control node"},
    {"E0211", Severity::error, "a number beyond f32"},
    {"E0212", Severity::error, "an unknown type of a parameter"},
    {"E0213", Severity::warning, "a `let` that nothing reads"},
    {"E0214", Severity::error, "a module that cannot be imported"},
    {"E0215", Severity::error, "files that import one another in a circle"},
    {"E0216", Severity::error, "a block that contains itself"},
    {"E0217", Severity::error, "a number of `repeat` below 0"},
    {"E0218", Severity::error, "an index that no member of a family has"},
    {"E0219", Severity::error, "a body with `let` and no result"},
    {"E0220", Severity::error, "a number that flows into a layer"},
    {"E0221", Severity::error, "an index beyond a list"},
    // E03 shapes and layer arguments
    {"E0301", Severity::error, "a layer that does not take its input"},
    {"E0302", Severity::error, "shapes that disagree along an edge"},
    {"E0303", Severity::error, "arguments that do not match the parameters of a layer or block"},
    {"E0304", Severity::error, "a layer argument out of range"},
    {"E0305", Severity::error, "an argument of the wrong type"},
    {"E0306", Severity::error, "a default value that does not fit its edge"},
    {"E0307", Severity::error, "a dummy's value that does not fit its type"},
    {"E0308", Severity::error, "a tensor, parameter, cost or network beyond the limit"},
    {"E0309", Severity::error, "a tensor type with impossible dimensions"},
    {"E0310", Severity::error, "operands whose shapes disagree"},
    {"E0311", Severity::error, "two parameters of one name, or one without a name"},
    {"E0312", Severity::error, "a list that is no tensor"},
    {"E0313", Severity::error, "a size that a tensor does not have"},
    // E04 graph rules
    {"E0401", Severity::error, "edges that form a cycle"},
    {"E0402", Severity::error, "an edge where none can begin or end"},
    {"E0403", Severity::error, "a second edge from the same source to the same input"},
    {"E0404", Severity::error, "several edges without a join"},
    {"E0405", Severity::error, "an unknown join"},
    {"E0406", Severity::error, "a node that no data edge feeds"},
    {"E0407", Severity::error, "a node that leads nowhere"},
    {"E0408", Severity::error, "an input of a node wrongly named"},
    {"E0409", Severity::error, "a network without an output"},
    // E05 control edges, paths, outputs
    {"E0501", Severity::error, "data edges and control edges leave one node"},
    {"E0502", Severity::error, "a control edge into a control node"},
    {"E0503", Severity::error, "a control edge to what cannot be skipped"},
    {"E0504", Severity::error, "a control node with fewer than two actions"},
    {"E0505", Severity::error, "scores and actions that differ in number"},
    {"E0506", Severity::error, "an action declared twice"},
    {"E0507", Severity::error, "a node whose edges are not those of its declaration"},
    {"E0508", Severity::error, "a target twice in one action"},
    {"E0509", Severity::error, "a required output that can be null"},
    {"E0510", Severity::warning, "a default value that is never used"},
    {"E0511", Severity::warning, "a node that never executes"},
    {"E0512", Severity::warning, "an action that changes nothing"},
    {"E0520", Severity::hint, "work that nothing needs on some paths"},
    {"E0521", Severity::error, "`--fix` of a control node that no network has"},
    {"E0522", Severity::error, "`--fix` of an action that the control node lacks"},
    // E06 train
    {"E0601", Severity::error, "a second `train` block"},
    {"E0602", Severity::error, "a loss or metric of what is no output"},
    {"E0603", Severity::error, "a statement of `train` given twice"},
    {"E0604", Severity::error, "an unknown loss"},
    {"E0605", Severity::error, "an argument that a loss or metric does not take"},
    {"E0606", Severity::error, "an unknown metric"},
    {"E0607", Severity::error, "F1 of a class that an output does not have"},
    {"E0608", Severity::error, "an unknown setting of `train`"},
    {"E0609", Severity::error, "a setting of `train` out of range"},
    {"E0610", Severity::error, "a name that a reward does not know"},
    {"E0611", Severity::error, "something in a reward or number of `train` that is no arithmetic"},
    {"E0612", Severity::warning, "a reward that is the same for every bag"},
    {"E0613", Severity::warning, "a setting that the reward does not read"},
    {"E0614", Severity::error, "a `train` block in a `for`"},
    // E07 weights and data
    {"E0701", Severity::error, "weights that do not fit the network"},
    {"E0702", Severity::error, "a parameter that no imported tensor gives"},
    {"E0703", Severity::error, "an imported tensor that the network has no place for"},
    {"E0704", Severity::error, "an imported tensor of another shape or type"},
    {"E0705", Severity::error, "a wrong rename map or rule"},
    // E08 command line
    {"E0801", Severity::error, "a file that cannot be read"},
    {"E0802", Severity::error, "`-D` of a parameter that no network has"},
    {"E0803", Severity::error, "`--network` of a network that the file does not hold"},
    {"E0804", Severity::error, "a value of `-D` that cannot be read"},
    {"E0805", Severity::error, "several networks, or none, where one is needed"},
    {"E0806", Severity::error, "a file that cannot be written"},
    {"E0815", Severity::error, "a trace that cannot be read"},
    {"E0816", Severity::error, "a trace of another network"},
    {"E0817", Severity::error, "a drawing that Graphviz does not make"},
    // E09 target and link
    {"E0901", Severity::error, "an unknown CPU or target"},
    {"E0902", Severity::error, "an artefact that cannot be linked"},
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
  // Not by find_code: GCC's undefined-behaviour sanitizer does not take its result, compared with nullptr, for
  // constant.
  for (const DiagnosticCode& entry : catalogue) {
    if (text == entry.code) return &entry;
  }
  throw "this code does not stand in the catalogue";
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
