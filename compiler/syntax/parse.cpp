// The room's flow: tokens, parse tree, syntax tree. The parse is tried with ANTLR's fast prediction first; only a file
// that it does not accept is parsed again with full prediction and with messages.
#include "syntax/parse.h"

#include <antlr4-runtime.h>

#include <memory>

#include "D2nnParser.h"
#include "syntax/parse_tree_to_ast.h"
#include "syntax/syntax_errors.h"
#include "syntax/tokens.h"

namespace d2nn::syntax {

using antlr4::atn::ParserATNSimulator;
using antlr4::atn::PredictionMode;
using grammar::D2nnParser;

ast::File parse(const source::SourceFiles& files, source::FileId file, diag::Sink& sink) {
  const TokenList tokens = read_tokens(files, file, sink);
  if (tokens.is_hopeless) return {.file = file, .items = {}};
  const std::string_view text = files[file].text();
  {
    TokenListStream stream(tokens);
    D2nnParser parser(&stream);
    parser.removeErrorListeners();
    parser.setErrorHandler(std::make_shared<antlr4::BailErrorStrategy>());
    parser.getInterpreter<ParserATNSimulator>()->setPredictionMode(PredictionMode::SLL);
    try {
      return to_ast(*parser.file(), tokens, text, file, sink);
    } catch (const antlr4::ParseCancellationException&) {
      // Parsed again below: the fast prediction may refuse a sound file, and it has no messages.
    }
  }
  TokenListStream stream(tokens);
  D2nnParser parser(&stream);
  parser.removeErrorListeners();
  parser.setErrorHandler(make_error_strategy(tokens, text, file, sink));
  return to_ast(*parser.file(), tokens, text, file, sink);
}

}  // namespace d2nn::syntax
