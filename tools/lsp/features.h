// What the server answers about a document. Results are those of the protocol; Json null where there is nothing.
#pragma once

#include <string>

#include "lsp/documents.h"

namespace d2nn::lsp {

/// The diagnostics of publishDiagnostics: those of the document, and those of imported files at their import.
Json diagnostics(const Document& document, const std::string& uri);
/// {"contents", "range"}.
Json hover(const Document& document, const Json& position);
/// A Location.
Json definition(const Document& document, const std::string& uri, const Json& position);
/// DocumentSymbol[]: blocks, constants and networks, and in these inputs, nodes and outputs.
Json symbols(const Document& document);
/// TextEdit[] that lay the document out; null when it does not parse.
Json formatting(const Document& document);
/// CodeAction[]: the fixes of the diagnostics that touch the range.
Json code_actions(const Document& document, const std::string& uri, const Json& range);
/// CompletionItem[] (completion.cpp).
Json completion(const Document& document, const Json& position);

}  // namespace d2nn::lsp
