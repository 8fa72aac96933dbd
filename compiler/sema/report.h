// How the sema room writes a diagnostic: one expression with its code, place, notes and fixes.
//
//   Report(code("E0202"), second.range, "`N1` is declared twice").note(first.range, "first declared here").to(sink);
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "diag/catalogue.h"
#include "diag/diagnostic.h"

namespace d2nn::sema {

using diag::code;
using source::SourceRange;

class Report {
 public:
  Report(const diag::DiagnosticCode* code, SourceRange range, std::string message) {
    diagnostic_.code = code;
    diagnostic_.range = range;
    diagnostic_.message = std::move(message);
  }
  /// Words under the caret.
  Report& label(std::string text) {
    diagnostic_.label = std::move(text);
    return *this;
  }
  Report& note(SourceRange range, std::string message) {
    diagnostic_.notes.push_back({range, std::move(message)});
    return *this;
  }
  /// What the mistake is about, where the message names members of families: the families, and whatever else makes it
  /// another mistake than one of the same code at the same place (Diagnostic::subject).
  Report& about(std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) diagnostic_.subject.append(part).push_back('\n');
    return *this;
  }
  /// An imperative without a concrete text; nothing when it is empty.
  Report& advise(std::string message) {
    if (!message.empty()) diagnostic_.fixes.push_back({std::move(message), {}, {}, false});
    return *this;
  }
  /// A change that an editor can make.
  Report& replace(SourceRange range, std::string replacement, std::string message) {
    diagnostic_.fixes.push_back({std::move(message), range, std::move(replacement), true});
    return *this;
  }
  /// Proposes the name nearest to a misspelt one; nothing when `nearest` is empty.
  Report& did_you_mean(SourceRange range, std::string_view nearest) {
    if (!nearest.empty()) replace(range, std::string(nearest), "did you mean `" + std::string(nearest) + "`?");
    return *this;
  }
  void to(diag::Sink& sink) { sink.report(std::move(diagnostic_)); }
  /// The diagnostic itself, for a step that has more to do with it before it is reported.
  diag::Diagnostic take() { return std::move(diagnostic_); }

 private:
  diag::Diagnostic diagnostic_;
};

/// A piece of the program as messages show it: `text`.
inline std::string quoted(const std::string& text) {
  return "`" + text + "`";
}

/// "a node", "an input", "an `int`".
inline std::string with_article(const std::string& noun) {
  const char first = noun[noun[0] == '`' ? 1 : 0];
  return (std::string_view("aeiou").find(first) != std::string_view::npos ? "an " : "a ") + noun;
}

/// "1 action", "2 actions".
inline std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace d2nn::sema
