// From ANTLR's parse tree to the syntax tree of ast.h: the only reader of the generated contexts.
#pragma once

#include <string_view>

#include "D2nnParser.h"
#include "diag/diagnostic.h"
#include "syntax/ast.h"
#include "syntax/tokens.h"

namespace d2nn::syntax {

/// Turns every declaration that was parsed without an error into its syntax tree; of a network or train block with
/// errors the sound parts. Reports what the grammar lets pass: E0106 and E0111, E0113 to E0115. `text` is that of the
/// file.
ast::File to_ast(grammar::D2nnParser::FileContext& tree, const TokenList& tokens, std::string_view text,
                 source::FileId file, diag::Sink& sink);

}  // namespace d2nn::syntax
