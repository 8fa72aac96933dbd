// Diagnostics as JSON values; printing them is the caller's.
#include "diag/json.h"

#include <nlohmann/json.hpp>

#include "diag/render.h"
#include "text/encoded.h"

namespace d2nn::diag {

using nlohmann::ordered_json;

static ordered_json end_of_place(const source::SourceFile& file, std::uint32_t offset) {
  const source::Position position = file.position(offset);
  return {{"line", position.line}, {"column", position.column}, {"offset", offset}};
}

static ordered_json place(source::SourceRange range, const source::SourceFiles& files) {
  if (range.file >= files.size()) return nullptr;
  const source::SourceFile& file = files[range.file];
  ordered_json out = ordered_json::object();
  text::put(out, "file", file.name());
  out["begin"] = end_of_place(file, range.begin);
  out["end"] = end_of_place(file, range.end);
  return out;
}

ordered_json to_json(const Diagnostic& diagnostic, const source::SourceFiles& files) {
  ordered_json notes = ordered_json::array();
  for (const Note& note : diagnostic.notes) {
    notes.push_back({{"message", text::to_utf8(note.message)}, {"place", place(note.range, files)}});
  }
  ordered_json fixes = ordered_json::array();
  for (const Fix& fix : diagnostic.fixes) {
    ordered_json entry = {{"message", text::to_utf8(fix.message)}, {"applicable", fix.is_applicable}};
    entry["replacement"] = fix.is_applicable ? ordered_json(text::to_utf8(fix.replacement)) : ordered_json(nullptr);
    entry["place"] = fix.is_applicable ? place(fix.range, files) : ordered_json(nullptr);
    fixes.push_back(std::move(entry));
  }
  ordered_json out;
  out["code"] = diagnostic.code->code;
  out["severity"] = spelling(diagnostic.code->severity);
  out["message"] = text::to_utf8(diagnostic.message);
  out["label"] = text::to_utf8(diagnostic.label);
  out["place"] = place(diagnostic.range, files);
  out["notes"] = std::move(notes);
  out["fixes"] = std::move(fixes);
  return out;
}

ordered_json to_json(const Sink& sink, const source::SourceFiles& files) {
  ordered_json list = ordered_json::array();
  for (const Diagnostic& diagnostic : sink.sorted()) list.push_back(to_json(diagnostic, files));
  return {{"errors", sink.error_count()}, {"diagnostics", std::move(list)}};
}

}  // namespace d2nn::diag
