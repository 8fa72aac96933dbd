// A program given as text, parsed and checked: what the tests of the sema room ask about.
#pragma once

#include <string>
#include <vector>

#include "graph/verify.h"
#include "sema/check.h"
#include "syntax/parse.h"

namespace d2nn::sema {

struct CheckedText {
  source::SourceFiles files;
  diag::Sink sink;
  std::vector<graph::Program> programs;

  /// The codes in order of place, with a space between.
  std::string codes() const {
    std::string text;
    for (const diag::Diagnostic& diagnostic : sink.sorted())
      text += (text.empty() ? "" : " ") + std::string(diagnostic.code->code);
    return text;
  }
  /// Messages, one per line.
  std::string messages() const {
    std::string text;
    for (const diag::Diagnostic& diagnostic : sink.sorted()) text += diagnostic.message + "\n";
    return text;
  }
};

inline CheckedText check_text(const std::string& text, const CheckOptions& options = {}) {
  CheckedText checked;
  const source::FileId id = checked.files.add("test.d2nn", text);
  const ast::File file = syntax::parse(checked.files, id, checked.sink);
  if (checked.sink.has_errors()) return checked;
  checked.programs = check(file, checked.files, options, checked.sink).programs;
  return checked;
}

/// "x: f32[4] -> A { body } -> y", with y of shape f32[2].
inline std::string one_node(const std::string& body, const std::string& input = "f32[4]",
                            const std::string& output = "f32[2]") {
  return "network n { input x: " + input + "; node A { " + body + " } output y: " + output + "; x -> A -> y; }";
}

}  // namespace d2nn::sema
