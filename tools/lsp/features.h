// What the server answers about a document. Results are those of the protocol; Json null where there is nothing.
#pragma once

#include <stdexcept>
#include <string>

#include "lsp/documents.h"

namespace d2nn::lsp {

/// The diagnostics of publishDiagnostics: those of the document, and those of imported files at their import.
Json diagnostics(const Document& document, const std::string& uri);
/// {"contents", "range"}.
Json hover(const Document& document, const Json& position);
/// A Location.
Json definition(const Documents& documents, const Document& document, const Json& position);
/// DocumentSymbol[]: blocks, constants and networks, and in these inputs, nodes and outputs.
Json symbols(const Document& document);
/// TextEdit[] that lay the document out; null when it does not parse.
Json formatting(const Document& document);
/// CodeAction[]: the fixes of the diagnostics that touch the range.
Json code_actions(const Document& document, const std::string& uri, const Json& range);
/// Why a request cannot be granted, in a sentence for the user.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Location[]: where a name stands, in the open texts, in the file that declares it and in those beside that one
/// (references.cpp). Null where there is no name with a declaration.
Json references(const Documents& documents, const Document& document, const Json& position, bool with_declaration);
/// {"range", "placeholder"}; null where there is no name. Throws Refusal for a name that is not the user's.
Json prepare_rename(const Documents& documents, const Document& document, const Json& position);
/// A WorkspaceEdit that changes the declaration of a name and all its uses. Throws Refusal when the new name is none,
/// or when a name of the programs would then lead elsewhere or an error appear.
Json rename(const Documents& documents, const Document& document, const Json& position, const std::string& new_name);
/// The name at a position of the latest text; null where there is none.
const Occurrence* name_at(const Document& document, const Json& position);
/// CompletionItem[] (completion.cpp).
Json completion(const Document& document, const Json& position);

}  // namespace d2nn::lsp
