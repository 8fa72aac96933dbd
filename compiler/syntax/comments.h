// What stands between the tokens of a sound file: comments, and how many line breaks came before each of them. The
// lexer drops comments, the formatter reads them here from the text itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "syntax/tokens.h"

namespace d2nn::syntax {

/// One comment, as it stands in the text, without blanks at its end.
struct Comment {
  std::string_view text;
  bool is_line = false;       // runs to the end of its line: `//`, `///`
  bool is_multiline = false;  // holds line breaks
  std::uint8_t breaks = 0;    // line breaks before it: none, one, or 2 for a blank line
  std::uint32_t column = 0;   // code points before it in its line
};

/// The gaps of a token list: gap i lies before token i.
class Gaps {
 public:
  /// `text` is that of the tokens and outlives this; both without errors.
  Gaps(const TokenList& tokens, std::string_view text);

  std::span<const Comment> comments(std::size_t token) const {
    return std::span(comments_).subspan(first_[token], first_[token + 1] - first_[token]);
  }
  /// Line breaks right before the token, behind its comments: none, one, or 2 for a blank line.
  std::uint8_t breaks(std::size_t token) const { return breaks_[token]; }
  /// A comment demands a line break somewhere before the token.
  bool must_break(std::size_t token) const;
  /// Columns that comments take in the token's own line, right before it.
  int width(std::size_t token) const;
  /// The token begins a line, whatever stood before it: comments in the line before it stay at the end of that one.
  void begin_line(std::size_t token);
  /// The token is not printed: what stands before it goes to the next one.
  void drop(std::size_t token);

 private:
  std::vector<Comment> comments_;
  std::vector<std::uint32_t> first_;  // by token, and one more: where its comments begin
  std::vector<std::uint8_t> breaks_;
};

}  // namespace d2nn::syntax
