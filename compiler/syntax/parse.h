// The door of the syntax room: text in, syntax tree and diagnostics out. ANTLR stays behind it.
#pragma once

#include "diag/diagnostic.h"
#include "source/source_file.h"
#include "syntax/ast.h"

namespace d2nn::syntax {

/// Parses a file of `files`. Goes on after errors and reports each to `sink` (E01xx). Any bytes may come in: invalid
/// UTF-8, a BOM, nothing at all, deep nesting (bounded, E0104), a million tokens.
ast::File parse(const source::SourceFiles& files, source::FileId file, diag::Sink& sink);

}  // namespace d2nn::syntax
