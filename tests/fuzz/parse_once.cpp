// The properties that parse_once.h promises, one after the other.
#include "parse_once.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "diag/json.h"
#include "diag/render.h"
#include "source/source_file.h"
#include "syntax/format.h"
#include "syntax/parse.h"

namespace d2nn::tests {

static bool is_inside(source::SourceRange range, std::size_t size) {
  return range.file == 0 && range.begin <= range.end && range.end <= size;
}

/// Formatting a sound text succeeds, and once is enough.
static std::string format_once(const source::SourceFiles& files) {
  diag::Sink sink;
  const std::optional<std::string> once = syntax::format(files, 0, sink);
  if (!once) return "a sound text was not formatted";
  source::SourceFiles again;
  again.add("fuzz.d2nn", *once);
  const std::optional<std::string> twice = syntax::format(again, 0, sink);
  if (!twice) return "the formatted text does not parse";
  return *twice == *once ? "" : "formatting twice is not formatting once";
}

std::string parse_once(std::string_view text) {
  source::SourceFiles files;
  const source::FileId id = files.add("fuzz.d2nn", std::string(text));
  diag::Sink sink;
  const ast::File file = syntax::parse(files, id, sink);
  for (const diag::Diagnostic& diagnostic : sink.all()) {
    if (diagnostic.code == nullptr || diagnostic.message.empty()) return "a diagnostic without code or message";
    const std::string name = std::string(diagnostic.code->code) + " " + diagnostic.message;
    if (!is_inside(diagnostic.range, text.size())) return name + ": outside the file";
    for (const diag::Note& note : diagnostic.notes) {
      if (!is_inside(note.range, text.size())) return name + ": a note outside the file";
    }
    for (const diag::Fix& fix : diagnostic.fixes) {
      if (fix.is_applicable && !is_inside(fix.range, text.size())) return name + ": a fix outside the file";
    }
  }
  const std::string rendered = diag::render(sink, files, {.colour = diag::Colour::always, .limit = 1000});
  if (rendered.empty() != sink.all().empty()) return "rendered text and sink disagree";
  if (diag::to_json(sink, files).dump().empty()) return "no JSON";
  if (!sink.has_errors() && file.items.empty() && text.find("network") != std::string_view::npos &&
      text.find_first_of("/\"") == std::string_view::npos) {
    return "a network was neither read nor refused";
  }
  return sink.has_errors() ? std::string{} : format_once(files);
}

}  // namespace d2nn::tests
