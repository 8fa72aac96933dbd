#include "syntax/comments.h"

#include <algorithm>

#include "source/utf8.h"

namespace d2nn::syntax {

namespace {

/// Reads one gap from front to back.
class GapReader {
 public:
  GapReader(std::string_view text, std::size_t begin, std::size_t end) : text_(text), at_(begin), end_(end) {}

  /// Over blanks and line breaks; the number of breaks, at most 2.
  std::uint8_t skip_blanks() {
    std::uint8_t breaks = 0;
    for (; at_ < end_ && text_[at_] != '/'; ++at_) {
      const char c = text_[at_];
      const bool is_break = c == '\n' || (c == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] != '\n'));
      if (is_break && breaks < 2) ++breaks;
    }
    return breaks;
  }

  bool is_at_end() const { return at_ >= end_; }

  Comment read_comment(std::uint8_t breaks) {
    const std::size_t begin = at_;
    Comment comment;
    comment.is_line = text_[at_ + 1] == '/';
    comment.breaks = breaks;
    if (comment.is_line) {
      at_ = std::min(text_.find_first_of("\r\n", at_), end_);
    } else {
      at_ = text_.find("*/", at_ + 2) + 2;
    }
    comment.text = text_.substr(begin, at_ - begin);
    comment.text = comment.text.substr(0, comment.text.find_last_not_of(" \t\v\f") + 1);
    comment.is_multiline = comment.text.find_first_of("\r\n") != std::string_view::npos;
    if (comment.is_multiline) {
      const std::size_t line = text_.substr(0, begin).find_last_of("\r\n") + 1;  // npos + 1 is 0
      comment.column = static_cast<std::uint32_t>(source::count_code_points(text_.substr(line, begin - line)));
    }
    return comment;
  }

 private:
  std::string_view text_;
  std::size_t at_;
  std::size_t end_;
};

}  // namespace

Gaps::Gaps(const TokenList& tokens, std::string_view text) {
  const std::size_t count = tokens.tokens.size();
  first_.reserve(count + 1);
  breaks_.reserve(count);
  std::size_t begin = 0;
  for (const auto& token : tokens.tokens) {
    const bool is_end = token->getType() == antlr4::Token::EOF;
    GapReader reader(text, begin, is_end ? text.size() : token->getStartIndex());
    first_.push_back(static_cast<std::uint32_t>(comments_.size()));
    std::uint8_t breaks = reader.skip_blanks();
    for (; !reader.is_at_end(); breaks = reader.skip_blanks()) comments_.push_back(reader.read_comment(breaks));
    breaks_.push_back(breaks);
    if (!is_end) begin = token->getStopIndex() + 1;
  }
  first_.push_back(static_cast<std::uint32_t>(comments_.size()));
}

bool Gaps::must_break(std::size_t token) const {
  const auto here = comments(token);
  if (here.empty()) return false;
  return breaks_[token] > 0 || std::ranges::any_of(here, [](const Comment& comment) {
           return comment.is_line || comment.is_multiline || comment.breaks > 0;
         });
}

int Gaps::width(std::size_t token) const {
  if (breaks_[token] > 0) return 0;
  int width = 0;
  bool is_behind_lines = false;  // the line that a comment of several ends in is not measured
  for (const Comment& comment : comments(token)) {
    if (comment.breaks > 0) is_behind_lines = false;
    is_behind_lines |= comment.is_multiline;
    if (comment.breaks > 0 || comment.is_line || is_behind_lines) width = 0;
    if (!comment.is_line && !is_behind_lines) width += static_cast<int>(source::count_code_points(comment.text)) + 1;
  }
  return width;
}

void Gaps::begin_line(std::size_t token) {
  const auto here = comments(token);
  const bool has_broken = std::ranges::any_of(here, [](const Comment& comment) { return comment.breaks > 0; });
  if (token > 0 && !here.empty() && !has_broken && breaks_[token] == 0) breaks_[token] = 1;
}

void Gaps::drop(std::size_t token) {
  const bool has_own = first_[token + 1] != first_[token + 2];
  std::uint8_t& next = has_own ? comments_[first_[token + 1]].breaks : breaks_[token + 1];
  next = std::max(next, breaks_[token]);
  first_[token + 1] = first_[token];
  breaks_[token] = 0;  // dropping twice is dropping once
}

}  // namespace d2nn::syntax
