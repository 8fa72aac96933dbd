#include "lsp/analysis.h"

#include <algorithm>

#include "sema/check.h"
#include "sema/modules.h"
#include "syntax/parse.h"

namespace d2nn::lsp {
namespace {

/// Parses the imports once more, for their declarations; what is wrong with them was reported by the check.
void read_modules(Analysis& analysis, const std::string& name, const sema::ImportLoader& loader) {
  for (const ast::FileItem& item : analysis.tree.items) {
    const auto* import = std::get_if<ast::Import>(&item);
    if (import == nullptr) continue;
    sema::ImportRequest request{name, {}, import->file};
    for (const ast::Name& step : import->path) request.path.push_back(step.text);
    sema::ImportedText found = loader(request);
    if (!found.text) continue;
    ImportedModule module;
    module.file = analysis.files.add(found.name, std::move(*found.text));
    diag::Sink silence;
    module.tree = syntax::parse(analysis.files, module.file, silence);
    if (!silence.has_errors()) analysis.modules[sema::module_name(*import)] = std::move(module);
  }
}

}  // namespace

const Occurrence* Analysis::name_at(std::uint32_t offset) const {
  // Few names overlap; the narrowest one wins.
  const Occurrence* best = nullptr;
  for (const Occurrence& name : names) {
    if (name.range.begin > offset) break;
    if (offset > name.range.end) continue;
    if (best == nullptr || name.range.end - name.range.begin <= best->range.end - best->range.begin) best = &name;
  }
  return best;
}

Analysis analyse(const std::string& name, std::string text, const sema::ImportLoader& loader) {
  Analysis analysis;
  const source::FileId file = analysis.files.add(name, std::move(text));
  analysis.tree = syntax::parse(analysis.files, file, analysis.sink);
  if (analysis.sink.has_errors()) return analysis;
  analysis.is_parsed = true;
  sema::CheckOptions options;
  options.loader = loader;
  analysis.programs = sema::check(analysis.tree, analysis.files, options, analysis.sink).programs;
  read_modules(analysis, name, loader);
  index_names(analysis);
  std::stable_sort(analysis.names.begin(), analysis.names.end(), [](const Occurrence& left, const Occurrence& right) {
    return left.range.begin < right.range.begin;
  });
  return analysis;
}

}  // namespace d2nn::lsp
