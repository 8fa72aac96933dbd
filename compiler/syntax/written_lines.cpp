#include "syntax/written_lines.h"

#include <algorithm>

#include "source/utf8.h"
#include "syntax/format.h"

namespace d2nn::syntax {

void WrittenLines::break_line(int column, bool blank_line) {
  lines_.back().width = column_;
  if (blank_line) lines_.emplace_back();
  lines_.emplace_back();
  lines_.back().depth = depth_;
  column_ = column;
}

void WrittenLines::write(std::string_view text) {
  Line& line = lines_.back();
  if (line.text.empty()) line.text.assign(static_cast<std::size_t>(column_), ' ');
  line.text += text;
  column_ += static_cast<int>(source::count_code_points(text));
}

void WrittenLines::write(const Comment& comment) {
  const int shift = comment.breaks > 0 ? column_ - static_cast<int>(comment.column) : 0;
  std::string_view rest = comment.text;
  for (bool is_first = true;; is_first = false) {
    const std::size_t end = rest.find_first_of("\r\n");
    std::string_view line = rest.substr(0, end);
    line = line.substr(0, line.find_last_not_of(" \t\v\f") + 1);
    if (is_first) {
      write(line);
    } else {
      const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
      const bool is_movable = indent < line.size() && line[indent] != '\t';
      const int moved = is_movable ? std::max(0, static_cast<int>(indent) + shift) : 0;
      break_line(moved, false);
      if (!line.empty()) write(is_movable ? line.substr(indent) : line);
    }
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + (rest.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

void WrittenLines::write_behind(const Comment& comment) {
  Line& line = lines_.back();
  if (line.comment == std::string::npos) {
    line.comment = line.text.size();
    line.code_width = column_;
  }
  write("  ");
  write(comment);
}

void WrittenLines::align(std::size_t begin, std::size_t end) {
  int column = 0;
  for (std::size_t i = begin; i < end; ++i) column = std::max(column, lines_[i].code_width);
  for (std::size_t i = begin; i < end; ++i) {
    const Line& line = lines_[i];
    if (line.comment != std::string::npos && line.width - line.code_width + column > layout_columns) return;
  }
  for (std::size_t i = begin; i < end; ++i) {
    Line& line = lines_[i];
    if (line.comment != std::string::npos)
      line.text.insert(line.comment, static_cast<std::size_t>(column - line.code_width), ' ');
  }
}

std::string WrittenLines::text() {
  lines_.back().width = column_;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= lines_.size(); ++i) {
    if (i < lines_.size() && !lines_[i].text.empty() && lines_[i].depth == lines_[begin].depth) continue;
    align(begin, i);
    begin = i;
  }
  std::string out;
  for (const Line& line : lines_) {
    out += line.text;
    out += '\n';
  }
  return out == "\n" ? std::string{} : out;
}

}  // namespace d2nn::syntax
