// The room's flow: tokens, parse tree, syntax tree. The parse is tried with ANTLR's fast prediction first; only a file
// that it does not accept is parsed again with full prediction and with messages.
#include "syntax/parse.h"

#include <antlr4-runtime.h>

#include <memory>
#include <utility>

#include "syntax/parse_tree.h"
#include "syntax/parse_tree_to_ast.h"
#include "syntax/syntax_errors.h"

namespace d2nn::syntax {

using antlr4::atn::ParserATNSimulator;
using antlr4::atn::PredictionMode;
using grammar::D2nnParser;

std::unique_ptr<ParseTree> read_parse_tree(const source::SourceFiles& files, source::FileId file, diag::Sink& sink) {
  auto tree = std::make_unique<ParseTree>();
  tree->file.file = file;
  tree->tokens = read_tokens(files, file, sink);
  if (tree->tokens.is_hopeless) return tree;
  const std::string_view text = files[file].text();
  const auto parse_with = [&](const std::shared_ptr<antlr4::ANTLRErrorStrategy>& strategy, PredictionMode mode) {
    tree->stream = std::make_unique<TokenListStream>(tree->tokens);
    tree->parser = std::make_unique<D2nnParser>(tree->stream.get());
    tree->parser->removeErrorListeners();
    tree->parser->setErrorHandler(strategy);
    tree->parser->getInterpreter<ParserATNSimulator>()->setPredictionMode(mode);
    tree->root = tree->parser->file();
  };
  try {
    parse_with(std::make_shared<antlr4::BailErrorStrategy>(), PredictionMode::SLL);
  } catch (const antlr4::ParseCancellationException&) {
    // The fast prediction may refuse a sound file, and it has no messages.
    parse_with(make_error_strategy(tree->tokens, text, file, sink), PredictionMode::LL);
  }
  tree->file = to_ast(*tree->root, tree->tokens, text, file, sink);
  return tree;
}

ast::File parse(const source::SourceFiles& files, source::FileId file, diag::Sink& sink) {
  return std::move(read_parse_tree(files, file, sink)->file);
}

}  // namespace d2nn::syntax
