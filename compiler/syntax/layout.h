// Where the lines of one declaration break. A declaration is a tree of boxes; what does not fit in layout_columns
// breaks between the parts of a chain: a pipeline, an operator's operands, a list. Outer chains break before inner
// ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "syntax/comments.h"
#include "syntax/written_lines.h"

namespace d2nn::syntax {

/// How a chain that does not fit in its line is broken.
enum class Fill : std::uint8_t {
  greedy,    // as many parts in a line as fit
  balanced,  // as few lines as it takes, of like length, each beginning with a part of weight
  each       // every part on a line of its own
};

/// A piece of text: a token, parts that stay together (row), or parts that may go to lines of their own (chain). Parts
/// of a broken chain begin where the chain begins, those behind the first `hang` further right.
struct Box {
  enum class Kind : std::uint8_t { token, row, chain };

  Kind kind = Kind::token;
  Fill fill = Fill::greedy;
  bool has_blank = false;   // a blank stands before it, unless it begins a line
  bool is_light = false;    // in a balanced chain: better not the first of a line
  bool must_break = false;  // a comment before it wants a line break
  bool must_break_inside = false;
  int hang = 0;
  int width = 0;          // in one line, without the blank before it
  std::size_t token = 0;  // its first token
  std::vector<Box> parts;
};

/// A row or a chain of parts, at least one; widths and breaks are summed up.
Box make_row(std::vector<Box> parts);
Box make_chain(Fill fill, int hang, std::vector<Box> parts);

/// What is to stand between a token and the one before it.
struct Separation {
  enum class Kind : std::uint8_t { none, blank, line } kind = Kind::none;
  int column = 0;                 // of the token, where it begins a line
  int comment_column = 0;         // of comments that begin a line
  bool is_statement = false;      // the token begins or ends a declaration or statement: single blank lines stay
  bool follows_opening = false;   // right behind `{` or at the file's beginning: no blank line first
  bool precedes_closing = false;  // the token is `}`: no blank line right before it
  bool wants_blank = false;       // a blank line is put in where there is none
};

/// Writes boxes and single tokens with the comments before them.
class Layout {
 public:
  /// All three outlive this.
  Layout(const TokenList& tokens, std::string_view text, const Gaps& gaps, WrittenLines& lines)
      : tokens_(tokens), text_(text), gaps_(gaps), lines_(lines) {}

  /// Writes a declaration or statement behind `separation`; its lines that nothing aligns begin at `continuation`.
  void write(const Box& box, const Separation& separation, int continuation);
  void write_token(std::size_t token, const Separation& separation);
  std::string_view text_of(std::size_t token) const;

 private:
  void write_box(const Box& box, const Separation& separation, int suffix);
  void write_row(const Box& box, const Separation& separation, int suffix);
  void write_chain(const Box& box, const Separation& separation, int suffix);
  void write_parts(const Box& box, const Separation& separation, int column, int suffix);

  const TokenList& tokens_;
  std::string_view text_;
  const Gaps& gaps_;
  WrittenLines& lines_;
  int continuation_ = 0;
};

}  // namespace d2nn::syntax
