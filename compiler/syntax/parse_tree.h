// A parsed file with all that its parse tree refers to: what parse() and format() begin with. Private to the room.
#pragma once

#include <memory>

#include "D2nnParser.h"
#include "syntax/ast.h"
#include "syntax/tokens.h"

namespace d2nn::syntax {

/// Tokens, ANTLR's tree over them and the syntax tree made from it. Members refer to each other; not to be moved.
struct ParseTree {
  TokenList tokens;
  std::unique_ptr<TokenListStream> stream;
  std::unique_ptr<grammar::D2nnParser> parser;       // owns the tree
  grammar::D2nnParser::FileContext* root = nullptr;  // null when the file is hopeless
  ast::File file;
};

/// Reads a file and reports its syntax errors to `sink`; the tree is whole only when there are none.
std::unique_ptr<ParseTree> read_parse_tree(const source::SourceFiles& files, source::FileId file, diag::Sink& sink);

}  // namespace d2nn::syntax
