// A chain that fits is written in its line, else broken: greedily, or balanced by the least sum over the lines of the
// squares of what each leaves free (Knuth and Plass, "Breaking paragraphs into lines"), found from the end to the
// front. Where a comment asks for a break there is one whatever fits; that a line break chosen here is found again in
// the written text as such a wish, or not at all, is what makes formatting twice the same as once.
#include "syntax/layout.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "syntax/format.h"

namespace d2nn::syntax {

namespace {

/// Parts that begin further right go to the continuation column instead when they have to break.
constexpr int rightmost_alignment = 60;
/// What it costs a balanced chain to begin a line with a light part.
constexpr std::int64_t light_cost = 1600;

int blank(const Box& box) {
  return box.has_blank ? 1 : 0;
}

/// The least columns that a box takes in the line where it begins.
int head_width(const Box& box) {
  if (box.kind == Box::Kind::token) return box.width;
  if (box.kind == Box::Kind::chain) return head_width(box.parts.front());
  int width = 0;
  for (const Box& part : box.parts) {
    if (part.must_break && &part != &box.parts.front()) return width;
    const int head = head_width(part);  // once: twice at each level would be exponential
    width += blank(part) + head;
    if (head != part.width) return width;
  }
  return width;
}

/// Columns that the parts from `begin` on take at least in the line where the part before them ends.
int lead_width(const std::vector<Box>& parts, std::size_t begin, int suffix) {
  int width = 0;
  for (std::size_t i = begin; i < parts.size(); ++i) {
    if (parts[i].must_break) return width;
    const int head = head_width(parts[i]);
    width += blank(parts[i]) + head;
    if (head != parts[i].width) return width;
  }
  return width + suffix;
}

Box make(Box::Kind kind, std::vector<Box> parts) {
  Box box;
  box.kind = kind;
  box.has_blank = parts.front().has_blank;
  box.must_break = parts.front().must_break;
  box.token = parts.front().token;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    box.width += parts[i].width + (i > 0 ? blank(parts[i]) : 0);
    box.must_break_inside |= parts[i].must_break_inside || (i > 0 && parts[i].must_break);
  }
  box.parts = std::move(parts);
  return box;
}

bool ends_with_opening_bracket(std::string_view token) {
  return token == "(" || token == "[" || token == "{";
}

/// A comment may stand before these without a blank behind it.
bool is_closing_or_separating(std::string_view token) {
  return token == ")" || token == "]" || token == "," || token == ";";
}

/// By part of a chain: whether it begins a line, so that the lines are of like length. The first one begins at `start`,
/// the others at `column`, and `suffix` columns follow the last part in its line.
std::vector<bool> balance(const std::vector<Box>& parts, int start, int column, int suffix) {
  const std::size_t count = parts.size();
  std::vector<std::int64_t> least(count + 1, 0);  // cost of the parts from here on, this one beginning a line
  std::vector<std::size_t> next(count, count);    // where the line after this one begins
  for (std::size_t i = count; i-- > 0;) {
    least[i] = std::numeric_limits<std::int64_t>::max();
    const std::int64_t beginning = i > 0 && parts[i].is_light && !parts[i].must_break ? light_cost : 0;
    std::int64_t width = (i == 0 ? start : column) + parts[i].width;
    for (std::size_t j = i; j < count; ++j) {
      if (j > i) {
        if (parts[j].must_break || parts[j].must_break_inside || parts[i].must_break_inside) break;
        width += blank(parts[j]) + parts[j].width;
      }
      const std::int64_t free = layout_columns - width - (j + 1 == count ? suffix : 0);
      if (free < 0 && j > i) {
        if (layout_columns < width) break;
        continue;
      }
      const std::int64_t cost = beginning + free * free + least[j + 1];
      if (cost < least[i]) {
        least[i] = cost;
        next[i] = j + 1;
      }
    }
  }
  std::vector<bool> begins_line(count, false);
  for (std::size_t i = next[0]; i < count; i = next[i]) begins_line[i] = true;
  return begins_line;
}

}  // namespace

Box make_row(std::vector<Box> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  return make(Box::Kind::row, std::move(parts));
}

Box make_chain(Fill fill, int hang, std::vector<Box> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  Box box = make(Box::Kind::chain, std::move(parts));
  box.fill = fill;
  box.hang = hang;
  return box;
}

std::string_view Layout::text_of(std::size_t token) const {
  const antlr4::Token& it = *tokens_.tokens[token];
  if (it.getType() == antlr4::Token::EOF) return {};
  return text_.substr(it.getStartIndex(), it.getStopIndex() - it.getStartIndex() + 1);
}

void Layout::write(const Box& box, const Separation& separation, int continuation) {
  continuation_ = continuation;
  write_box(box, separation, 0);
}

void Layout::write_token(std::size_t token, const Separation& separation) {
  using Kind = Separation::Kind;
  const auto comments = gaps_.comments(token);
  const std::uint8_t last_breaks = gaps_.breaks(token);
  bool has_broken = lines_.is_line_empty();  // the file begins here
  bool has_blank = last_breaks > 1;
  for (const Comment& comment : comments) has_blank |= comment.breaks > 1;
  bool is_first = true;  // nothing has been written of this gap
  bool wants_blank = separation.wants_blank && !has_blank;
  const auto break_line = [&](int column, std::uint8_t breaks, bool is_last) {
    const bool keeps = separation.is_statement && !(is_first && separation.follows_opening) &&
                       !(is_last && separation.precedes_closing);
    if (!lines_.is_line_empty()) lines_.break_line(column, (keeps && breaks > 1) || std::exchange(wants_blank, false));
    is_first = false;
    has_broken = true;
  };
  // Between the parts of a chain, a comment in the line belongs to what follows it.
  if (separation.kind == Kind::line && !separation.is_statement && !comments.empty() && !gaps_.must_break(token))
    break_line(separation.column, 0, false);
  std::size_t behind = 0;  // comments that stand behind the code of the line, up to its end
  while (behind < comments.size() && comments[behind].breaks == 0 && !comments[behind].is_multiline) ++behind;
  const bool is_line_end = behind < comments.size() ? comments[behind].breaks > 0
                                                    : last_breaks > 0 || separation.kind == Kind::line ||
                                                          (!comments.empty() && comments.back().is_line);
  for (std::size_t i = 0; i < comments.size(); ++i) {
    if (comments[i].breaks > 0 || (i > 0 && comments[i - 1].is_line)) {
      break_line(separation.comment_column, comments[i].breaks, false);
    } else if (!lines_.is_line_empty()) {
      if (i == 0 && behind > 0 && is_line_end) {
        lines_.write_behind(comments[i]);
        is_first = false;
        continue;
      }
      const bool is_tight = is_first && separation.kind == Kind::none && ends_with_opening_bracket(text_of(token - 1));
      if (!is_tight) lines_.write(" ");
    }
    lines_.write(comments[i]);
    is_first = false;
  }
  if (tokens_.tokens[token]->getType() == antlr4::Token::EOF) return;
  const bool is_forced = !comments.empty() && (comments.back().is_line || last_breaks > 0);
  const bool is_wanted =
      separation.kind == Kind::line && (!has_broken || separation.column != separation.comment_column);
  if (is_forced || is_wanted) {
    break_line(separation.column, last_breaks, true);
  } else if (!lines_.is_line_empty() &&
             (comments.empty() ? separation.kind == Kind::blank : !is_closing_or_separating(text_of(token)))) {
    lines_.write(" ");
  }
  lines_.write(text_of(token));
}

void Layout::write_box(const Box& box, const Separation& separation, int suffix) {
  switch (box.kind) {
    case Box::Kind::token:
      write_token(box.token, separation);
      break;
    case Box::Kind::row:
      write_row(box, separation, suffix);
      break;
    case Box::Kind::chain:
      write_chain(box, separation, suffix);
      break;
  }
}

void Layout::write_row(const Box& box, const Separation& separation, int suffix) {
  for (std::size_t i = 0; i < box.parts.size(); ++i) {
    const Box& part = box.parts[i];
    const auto kind = part.has_blank ? Separation::Kind::blank : Separation::Kind::none;
    const Separation inner{.kind = kind, .column = continuation_, .comment_column = continuation_};
    write_box(part, i == 0 ? separation : inner, lead_width(box.parts, i + 1, suffix));
  }
}

void Layout::write_chain(const Box& box, const Separation& separation, int suffix) {
  const bool begins_line = separation.kind == Separation::Kind::line;
  const int start =
      begins_line ? separation.column : lines_.column() + (separation.kind == Separation::Kind::blank ? 1 : 0);
  Separation first = separation;
  if (!begins_line) first.column = first.comment_column = start;
  if (!box.must_break_inside && start + box.width + suffix <= layout_columns) {
    for (std::size_t i = 0; i < box.parts.size(); ++i) {
      const auto kind = box.parts[i].has_blank ? Separation::Kind::blank : Separation::Kind::none;
      write_box(box.parts[i], i == 0 ? first : Separation{.kind = kind}, 0);
    }
    return;
  }
  const bool is_far_right = start > rightmost_alignment && continuation_ < start;
  write_parts(box, first, is_far_right ? continuation_ : start + box.hang, suffix);
}

void Layout::write_parts(const Box& box, const Separation& first, int column, int suffix) {
  const std::vector<Box>& parts = box.parts;
  const int start = first.kind == Separation::Kind::line
                        ? first.column
                        : lines_.column() + (first.kind == Separation::Kind::blank ? 1 : 0);
  std::vector<bool> begins_line;
  if (box.fill == Fill::balanced) begins_line = balance(parts, start, column, suffix);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Box& part = parts[i];
    const int behind = i + 1 == parts.size() ? suffix : 0;
    if (i == 0) {
      write_box(part, first, behind);
      continue;
    }
    bool breaks = part.must_break || box.fill == Fill::each;
    if (box.fill == Fill::balanced) {
      breaks = breaks || begins_line[i];
    } else if (!breaks) {
      const int here = lines_.column() + blank(part);
      const bool fits_here = !part.must_break_inside && here + part.width + behind <= layout_columns;
      const bool fits_alone = !part.must_break_inside && column + part.width + behind <= layout_columns;
      breaks = !fits_here && (fits_alone || here + head_width(part) > layout_columns);
    }
    const auto kind = breaks           ? Separation::Kind::line
                      : part.has_blank ? Separation::Kind::blank
                                       : Separation::Kind::none;
    write_box(part, {.kind = kind, .column = column, .comment_column = column}, behind);
  }
}

}  // namespace d2nn::syntax
