// The door of the language server: `d2nn lsp`. Speaks the Language Server Protocol 3.17 over a pair of streams:
// diagnostics while typing, hover, definitions, references, renaming, completion, symbols, formatting, quick fixes.
// Knows nothing of LLVM, so that it starts at once.
#pragma once

#include <iosfwd>

namespace d2nn::lsp {

/// Serves one client until it says `exit` or its stream ends. Returns the exit status that the protocol asks for: 0
/// after `shutdown`, else 1. Never throws for anything that a client sends.
int serve(std::istream& in, std::ostream& out);

}  // namespace d2nn::lsp
