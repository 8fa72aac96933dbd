// What the server knows about one text: what the compiler says of it, and where each of its names leads.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "graph/graph.h"
#include "sema/imports.h"
#include "source/source_file.h"
#include "syntax/ast.h"

namespace d2nn::lsp {

using source::SourceRange;

/// A name in the document: what to show of it, and where it is declared (perhaps in an imported file).
struct Occurrence {
  SourceRange range;
  std::string hover;                      // Markdown; empty: nothing to say
  std::optional<SourceRange> definition;  // in Analysis::files
};

/// An imported file that parses, by the name it is used with.
struct ImportedModule {
  source::FileId file = source::no_file;
  ast::File tree;
};

struct Analysis {
  source::SourceFiles files;  // 0 is the document
  diag::Sink sink;
  ast::File tree;
  bool is_parsed = false;  // without syntax errors; else only the diagnostics mean something
  std::vector<graph::Program> programs;
  std::map<std::string, ImportedModule> modules;
  std::vector<Occurrence> names;  // in order of their places

  /// The name at a byte offset of the document; the end of a name counts. Null where there is none.
  const Occurrence* name_at(std::uint32_t offset) const;
};

/// Checks a text as the compiler does. `name` stands for it in imports; `loader` reads these.
Analysis analyse(const std::string& name, std::string text, const sema::ImportLoader& loader);

/// Fills Analysis::names of a document that was parsed (index.cpp).
void index_names(Analysis& analysis);

}  // namespace d2nn::lsp
