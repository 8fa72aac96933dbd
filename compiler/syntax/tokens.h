// The tokens of a file, looked over before the parser sees them: what is no token at all is reported and taken out,
// brackets are matched and the nesting is bounded, because the parser and every reader of the tree recurse.
#pragma once

#include <antlr4-runtime.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "diag/diagnostic.h"
#include "source/source_file.h"

namespace d2nn::syntax {

/// Brackets within brackets; deeper is E0104.
inline constexpr std::size_t max_bracket_depth = 256;
/// Depth of the syntax tree that an expression may reach, operators in a row included; deeper is E0104.
inline constexpr std::size_t max_tree_depth = 1024;
/// Larger files are E0116: a program is written by people.
inline constexpr std::size_t max_file_bytes = std::size_t{16} << 20;
inline constexpr std::size_t max_tokens = 2'000'000;

inline constexpr std::int32_t no_token = -1;

/// A `///` comment that begins its line.
struct DocLine {
  std::size_t next_token = 0;  // index of the token that follows
  source::SourceRange range;
};

/// Tokens in order, the last one EOF. Owns what the ANTLR tokens refer to.
struct TokenList {
  std::unique_ptr<antlr4::CharStream> stream;
  std::unique_ptr<antlr4::Lexer> lexer;
  std::vector<std::unique_ptr<antlr4::Token>> tokens;
  std::vector<DocLine> docs;
  /// By token index: the index of the innermost bracket opened before it and not closed, or no_token. That of a closing
  /// bracket is what its opening bracket has.
  std::vector<std::int32_t> enclosing;
  /// By token index: for an opening bracket the index of its closing one, or no_token.
  std::vector<std::int32_t> closing;
  /// By token index: something before it was dropped (reported), so that what looks wrong here may be no mistake.
  std::vector<bool> is_unsound;
  /// Nothing can be parsed: the file is not text, too large or too deep (reported).
  bool is_hopeless = false;
  /// The end of the file stands inside a comment (reported): what is missing there is no second mistake.
  bool is_cut_off = false;
};

/// A token list as ANTLR's parser reads it. Owns nothing; the list must outlive it.
class TokenListStream final : public antlr4::TokenStream {
 public:
  explicit TokenListStream(const TokenList& list) : list_(list) {}

  antlr4::Token* LT(ssize_t offset) override;
  antlr4::Token* get(size_t index) const override { return list_.tokens[index].get(); }
  antlr4::TokenSource* getTokenSource() const override { return list_.lexer.get(); }
  std::string getText(const antlr4::misc::Interval&) override { return {}; }
  std::string getText() override { return {}; }
  std::string getText(antlr4::RuleContext*) override { return {}; }
  std::string getText(antlr4::Token*, antlr4::Token*) override { return {}; }

  void consume() override;
  size_t LA(ssize_t offset) override;
  ssize_t mark() override { return 0; }
  void release(ssize_t) override {}
  size_t index() override { return position_; }
  void seek(size_t index) override { position_ = index; }
  size_t size() override { return list_.tokens.size(); }
  std::string getSourceName() const override { return list_.stream->getSourceName(); }

 private:
  const TokenList& list_;
  size_t position_ = 0;
};

/// Reads the tokens of a file; reports E0101 to E0105, E0116.
TokenList read_tokens(const source::SourceFiles& files, source::FileId file, diag::Sink& sink);

/// Bytes of a token; an empty range at the end of the file for EOF.
source::SourceRange range_of(const antlr4::Token& token, source::FileId file);

/// A word that begins a declaration of a file or a network (import ... for), not `let`, `return` and `repeat`.
bool is_declaration_word(std::size_t token_type);
/// A word that begins a declaration of a file only.
bool is_file_word(std::size_t token_type);
/// A reserved word of any kind.
bool is_reserved(std::size_t token_type);

}  // namespace d2nn::syntax
