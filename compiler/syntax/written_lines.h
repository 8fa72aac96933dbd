// The lines that the formatter has written so far. Comments at the ends of neighbouring lines are put below each other
// when all is written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/comments.h"

namespace d2nn::syntax {

/// Text in lines, appended to at the end. Blanks at the ends of lines are never written.
class WrittenLines {
 public:
  /// Ends the line; the next one begins at `column`. With `blank_line` an empty line stands between.
  void break_line(int column, bool blank_line);
  void write(std::string_view text);
  /// A comment within code or on a line of its own; one of several lines that begins a line is moved as a whole.
  void write(const Comment& comment);
  /// A comment behind the code of a line: two blanks before it, or more so that it stands below its neighbour's.
  void write_behind(const Comment& comment);
  /// Code points written in the line, its indentation included.
  int column() const { return column_; }
  bool is_line_empty() const { return lines_.back().text.empty(); }
  /// Nesting of the lines that begin from here on; comments align within one depth.
  void set_depth(int depth) { depth_ = depth; }
  /// The same for the line being written and those that begin from here on.
  void set_depth_of_line(int depth) { lines_.back().depth = depth_ = depth; }
  /// The line being written aligns with no other.
  void set_line_apart() { lines_.back().depth = -1; }

  /// All lines, each with a line feed.
  std::string text();

 private:
  struct Line {
    std::string text;
    std::size_t comment = std::string::npos;  // where the comment behind the code begins
    int code_width = 0;                       // columns before that
    int width = 0;
    int depth = 0;
  };

  void align(std::size_t begin, std::size_t end);

  std::vector<Line> lines_ = std::vector<Line>(1);
  int column_ = 0;
  int depth_ = 0;
};

}  // namespace d2nn::syntax
