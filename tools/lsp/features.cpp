#include "lsp/features.h"

#include <optional>

#include "diag/catalogue.h"
#include "lsp/positions.h"
#include "syntax/format.h"

namespace d2nn::lsp {
namespace {

/// DiagnosticSeverity and SymbolKind of the protocol.
enum DiagnosticSeverity { severity_error = 1, severity_warning = 2, severity_hint = 4 };
enum SymbolKind {
  symbol_module = 2,
  symbol_class = 5,
  symbol_function = 12,
  symbol_variable = 13,
  symbol_constant = 14,
  symbol_event = 24
};

std::string uri_of_file(const Analysis& analysis, source::FileId file, const std::string& document) {
  return file == 0 ? document : uri_of(analysis.files[file].name());
}

int severity_of(const diag::Diagnostic& diagnostic) {
  if (diagnostic.code == nullptr || diagnostic.code->severity == diag::Severity::error) return severity_error;
  return diagnostic.code->severity == diag::Severity::warning ? severity_warning : severity_hint;
}

/// Where an imported file comes into the document: its first import, or the beginning.
source::SourceRange import_place(const Analysis& analysis) {
  for (const ast::FileItem& item : analysis.tree.items) {
    if (const auto* import = std::get_if<ast::Import>(&item)) return import->range;
  }
  return {0, 0, 0};
}

Json related(const Analysis& analysis, const diag::Diagnostic& diagnostic, const std::string& uri) {
  Json list = Json::array();
  for (const diag::Note& note : diagnostic.notes) {
    if (note.range.file == source::no_file) continue;
    list.push_back({{"location",
                     {{"uri", uri_of_file(analysis, note.range.file, uri)},
                      {"range", to_range(analysis.files[note.range.file], note.range)}}},
                    {"message", note.message}});
  }
  return list;
}

/// The place in the analysis that fits a position of the latest text; nothing where the lines differ by now.
std::optional<std::uint32_t> offset_in(const Analysis& analysis, const Document& document, const Json& position) {
  const std::uint32_t offset = to_offset(analysis.files[0], position);
  if (&analysis == &document.latest()) return offset;
  const auto line = position.at("line").get<std::uint64_t>();
  if (line >= document.file().line_count()) return std::nullopt;
  const auto number = static_cast<std::uint32_t>(line) + 1;
  return document.file().line(number) == analysis.files[0].line(number) ? std::optional(offset) : std::nullopt;
}

class SymbolLister {
 public:
  explicit SymbolLister(const Analysis& analysis) : file_(analysis.files[0]) {}

  Json symbol(const ast::Name& name, source::SourceRange range, SymbolKind kind, const char* detail) const {
    return {{"name", name.text.empty() ? "?" : name.text},
            {"detail", detail},
            {"kind", kind},
            {"range", to_range(file_, range)},
            {"selectionRange", to_range(file_, name.range)}};
  }

  void add(const ast::NetworkItem& item, Json& list) const {
    if (const auto* input = std::get_if<ast::Input>(&item)) {
      list.push_back(symbol(input->name, input->range, symbol_variable, "input"));
    } else if (const auto* output = std::get_if<ast::Output>(&item)) {
      list.push_back(symbol(output->name, output->range, symbol_variable, "output"));
    } else if (const auto* dummy = std::get_if<ast::Dummy>(&item)) {
      list.push_back(symbol(dummy->name, dummy->range, symbol_constant, "dummy"));
    } else if (const auto* node = std::get_if<ast::Node>(&item)) {
      list.push_back(symbol(node->name, node->range, node->is_control ? symbol_event : symbol_function,
                            node->is_control ? "control" : "node"));
    }
    for (const auto* nested : ast::nested_items(item)) {
      for (const ast::NetworkItem& inner : *nested) add(inner, list);
    }
  }

 private:
  const source::SourceFile& file_;
};

}  // namespace

const Occurrence* name_at(const Document& document, const Json& position) {
  const Analysis* good = document.good();
  if (good == nullptr) return nullptr;
  const auto offset = offset_in(*good, document, position);
  return offset ? good->name_at(*offset) : nullptr;
}

Json diagnostics(const Document& document, const std::string& uri) {
  const Analysis& analysis = document.latest();
  Json list = Json::array();
  for (const diag::Diagnostic& diagnostic : analysis.sink.sorted()) {
    source::SourceRange range = diagnostic.range;
    std::string message = diagnostic.message;
    if (range.file == source::no_file) {
      range = {0, 0, 0};
    } else if (range.file != 0) {
      const source::SourceFile& file = analysis.files[range.file];
      message = file.name() + ":" + std::to_string(file.position(range.begin).line) + ": " + message;
      range = import_place(analysis);
    }
    for (const diag::Fix& fix : diagnostic.fixes) message += "\n" + fix.message;
    list.push_back({{"range", to_range(analysis.files[0], range)},
                    {"severity", severity_of(diagnostic)},
                    {"code", diagnostic.code != nullptr ? diagnostic.code->code : ""},
                    {"source", "d2nn"},
                    {"message", message},
                    {"relatedInformation", related(analysis, diagnostic, uri)}});
  }
  return list;
}

Json hover(const Document& document, const Json& position) {
  const Occurrence* name = name_at(document, position);
  if (name == nullptr || name->hover.empty()) return nullptr;
  return {{"contents", {{"kind", "markdown"}, {"value", name->hover}}},
          {"range", to_range(document.good()->files[0], name->range)}};
}

Json definition(const Documents& documents, const Document& document, const Json& position) {
  const Occurrence* name = name_at(document, position);
  if (name == nullptr || !name->definition) return nullptr;
  const Analysis& analysis = *document.good();
  const source::SourceRange place = *name->definition;
  return {{"uri", documents.uri_of_path(analysis.files[place.file].name())},
          {"range", to_range(analysis.files[place.file], place)}};
}

Json symbols(const Document& document) {
  Json list = Json::array();
  const Analysis* analysis = document.good();
  if (analysis == nullptr) return list;
  const SymbolLister lister(*analysis);
  for (const ast::FileItem& item : analysis->tree.items) {
    if (const auto* constant = std::get_if<ast::Const>(&item)) {
      list.push_back(lister.symbol(constant->name, constant->range, symbol_constant, "const"));
    } else if (const auto* block = std::get_if<ast::Block>(&item)) {
      list.push_back(lister.symbol(block->name, block->range, symbol_class, "block"));
    } else if (const auto* network = std::get_if<ast::Network>(&item)) {
      Json entry = lister.symbol(network->name, network->range, symbol_module, "network");
      entry["children"] = Json::array();
      for (const ast::NetworkItem& inner : network->items) lister.add(inner, entry["children"]);
      list.push_back(std::move(entry));
    }
  }
  return list;
}

Json formatting(const Document& document) {
  source::SourceFiles files;
  const source::FileId file = files.add(document.file().name(), document.text());
  diag::Sink silence;
  const std::optional<std::string> text = syntax::format(files, file, silence);
  if (!text) return nullptr;
  if (*text == document.text()) return Json::array();
  const auto size = static_cast<std::uint32_t>(document.file().text().size());
  return Json::array({{{"range", to_range(document.file(), {0, 0, size})}, {"newText", *text}}});
}

Json code_actions(const Document& document, const std::string& uri, const Json& range) {
  const Analysis& analysis = document.latest();
  const std::uint32_t begin = to_offset(document.file(), range.at("start"));
  const std::uint32_t end = to_offset(document.file(), range.at("end"));
  Json list = Json::array();
  for (const diag::Diagnostic& diagnostic : analysis.sink.all()) {
    if (diagnostic.range.file != 0 || diagnostic.range.begin > end || diagnostic.range.end < begin) continue;
    for (const diag::Fix& fix : diagnostic.fixes) {
      if (!fix.is_applicable || fix.range.file != 0) continue;
      const Json edit{{"range", to_range(document.file(), fix.range)}, {"newText", fix.replacement}};
      list.push_back({{"title", fix.message},
                      {"kind", "quickfix"},
                      {"isPreferred", true},
                      {"edit", {{"changes", {{uri, Json::array({edit})}}}}}});
    }
  }
  return list;
}

}  // namespace d2nn::lsp
