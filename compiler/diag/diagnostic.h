// What the compiler has to say about a program: a value, never printed where it is found (render.h, json.h print).
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "source/source_range.h"

namespace d2nn::diag {

using source::SourceRange;

enum class Severity { error, warning, hint };

/// One entry of the catalogue (catalogue.h): a stable code ("E0302"), its severity and the one-line title that
/// `explain` lists.
struct DiagnosticCode {
  const char* code;
  Severity severity;
  const char* title;
};

/// A second place, with a sentence that says what it has to do with the first ("`Q` is declared here").
struct Note {
  SourceRange range;
  std::string message;
};

/// A change that would mend the program: replace `range` by `replacement`. Empty `replacement` deletes, empty range
/// inserts. `message` is an imperative ("use `groups: 1`"); without a concrete text it stands alone and `is_applicable`
/// is false.
struct Fix {
  std::string message = {};
  SourceRange range = {};
  std::string replacement = {};
  bool is_applicable = false;
};

/// Messages: lower case, no full stop, code in backticks, what was found before what is required.
struct Diagnostic {
  const DiagnosticCode* code = nullptr;
  std::string message = {};
  /// `range.file == source::no_file` when there is no place in a program (command line, data); the message then names
  /// it.
  SourceRange range = {};
  /// Words under the caret; may be empty. Must not repeat the message.
  std::string label = {};
  std::vector<Note> notes = {};
  std::vector<Fix> fixes = {};
  /// What it is about, for Sink alone: two diagnostics of one code at one place that have the same subject are one
  /// mistake. Empty: the message. A reporter whose message names a member of a family gives the family instead.
  std::string subject = {};
};

/// Collects the diagnostics of one compilation in the order found. The members of a family and the rounds of a loop
/// make the same mistake at the same place: it is kept once, as said of the first of them (Diagnostic::subject).
class Sink {
 public:
  void report(Diagnostic diagnostic);
  bool has_errors() const { return error_count_ > 0; }
  std::size_t error_count() const { return error_count_; }
  /// Grows with every error, also with those that were said before: what tells whether a step went well.
  std::size_t errors_reported() const { return errors_reported_; }
  /// Sorted by file and place (stably) when read through `sorted`.
  std::span<const Diagnostic> all() const { return diagnostics_; }
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> diagnostics_;
  /// Code, place and subject of what was reported.
  using Said = std::tuple<std::string, std::uint32_t, std::uint32_t, std::uint32_t, std::string>;
  std::set<Said> said_;
  std::size_t error_count_ = 0;
  std::size_t errors_reported_ = 0;
};

}  // namespace d2nn::diag
