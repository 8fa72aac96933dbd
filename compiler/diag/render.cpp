// Draws source lines and carets. Widths are those of a terminal: tabs go to the next multiple of four, East Asian wide
// characters and emoji take two cells, combining marks none. Bytes that are not text and control characters are drawn
// as U+FFFD, so that a program cannot send commands to the terminal. Very long lines are cut around the caret.
#include "diag/render.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "source/utf8.h"

namespace d2nn::diag {

namespace {

constexpr std::size_t tab_width = 4;
constexpr std::size_t gutter_digits = 5;
constexpr std::size_t widest_line = 160;    // cells of one source line that are shown
constexpr std::size_t context_cells = 40;   // kept before the caret when a line is cut
constexpr std::size_t pointer_column = 66;  // where "(more: ...)" begins behind a fix

struct Interval {
  char32_t first;
  char32_t last;
};

// The main blocks of Unicode's East_Asian_Width W and F and of combining marks; rare scripts may be a cell off.
constexpr Interval wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},  {0x3400, 0x4DBF},
                             {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},
                             {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F},
                             {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
constexpr Interval combining[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},
                                  {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x20D0, 0x20FF},
                                  {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

bool contains(std::span<const Interval> intervals, char32_t point) {
  return std::ranges::any_of(intervals, [point](Interval i) { return point >= i.first && point <= i.last; });
}

bool is_control(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x202A && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069);
}

/// A source line as drawn: for each byte offset the cell where it begins.
struct DrawnLine {
  std::string text;
  std::size_t caret_begin = 0;
  std::size_t caret_cells = 1;
};

/// Draws `line` and finds the cells of bytes [begin, end) of it.
DrawnLine draw(std::string_view line, std::size_t begin, std::size_t end) {
  struct Cell {
    std::string text;
    std::size_t width;
  };
  std::vector<Cell> cells;
  std::size_t column = 0;
  std::size_t caret_begin = 0;
  std::size_t caret_end = 0;
  for (std::size_t i = 0; i < line.size();) {
    const source::CodePoint point = source::decode_utf8(line, i);
    Cell cell{std::string(line.substr(i, point.length)), 1};
    if (point.value == '\t') {
      cell.width = tab_width - column % tab_width;
      cell.text.assign(cell.width, ' ');
    } else if (!point.is_valid || is_control(point.value)) {
      cell.text = "\xEF\xBF\xBD";
    } else if (contains(wide, point.value)) {
      cell.width = 2;
    } else if (contains(combining, point.value)) {
      cell.width = 0;
    }
    if (i < begin) caret_begin = column + cell.width;
    if (i < end) caret_end = column + cell.width;
    column += cell.width;
    cells.push_back(std::move(cell));
    i += point.length;
  }
  if (begin >= line.size()) caret_begin = column;
  DrawnLine drawn;
  drawn.caret_begin = caret_begin;
  drawn.caret_cells = caret_end > caret_begin ? caret_end - caret_begin : 1;
  std::size_t window_begin = 0;
  if (column > widest_line && caret_begin + std::min(drawn.caret_cells, context_cells) > widest_line)
    window_begin = caret_begin - context_cells;
  const std::size_t window_end = window_begin + widest_line;
  if (window_begin > 0) drawn.text = "...";
  std::size_t shown_before = 0;  // cells of the window's first characters that begin before it
  column = 0;
  for (const Cell& cell : cells) {
    if (column >= window_begin && column + cell.width <= window_end) {
      if (drawn.text.size() <= 3 && window_begin > 0 && shown_before == 0) shown_before = column;
      drawn.text += cell.text;
    }
    column += cell.width;
  }
  if (column > window_end) drawn.text += "...";
  if (window_begin > 0) drawn.caret_begin = caret_begin - shown_before + 3;
  drawn.caret_cells = std::min(drawn.caret_cells, widest_line);
  return drawn;
}

class Painter {
 public:
  explicit Painter(Colour colour) : colour_(colour) {}
  std::string paint(std::string_view text, const char* escape) const {
    if (colour_ == Colour::never || text.empty()) return std::string(text);
    return std::string(escape) + std::string(text) + "\x1b[0m";
  }

 private:
  Colour colour_;
};

constexpr const char* red = "\x1b[1;31m";
constexpr const char* yellow = "\x1b[1;33m";
constexpr const char* cyan = "\x1b[1;36m";
constexpr const char* green = "\x1b[1;32m";
constexpr const char* dim = "\x1b[2m";

const char* colour_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return red;
    case Severity::warning:
      return yellow;
    case Severity::hint:
      break;
  }
  return cyan;
}

/// "FILE:LINE:COL: ", or the program's name where there is no place.
std::string place(SourceRange range, const source::SourceFiles& files) {
  if (range.file >= files.size()) return "d2nn: ";
  const source::SourceFile& file = files[range.file];
  const source::Position position = file.position(range.begin);
  return file.name() + ":" + std::to_string(position.line) + ":" + std::to_string(position.column) + ": ";
}

/// The source line with its number and the caret line with `label`.
std::string snippet(SourceRange range, std::string_view label, const source::SourceFiles& files, const Painter& painter,
                    const char* colour) {
  if (range.file >= files.size()) return {};
  const source::SourceFile& file = files[range.file];
  const source::Position position = file.position(range.begin);
  std::string_view line = file.line(position.line);
  if (line.empty() && file.text().empty()) return {};
  std::size_t line_begin = std::min<std::size_t>(range.begin, file.text().size());
  const char* text = file.text().data();
  line_begin = line.data() == nullptr ? line_begin : static_cast<std::size_t>(line.data() - text);
  if (line_begin == 0 && line.starts_with(source::byte_order_mark)) {
    line.remove_prefix(source::byte_order_mark.size());
    line_begin += source::byte_order_mark.size();
  }
  const std::size_t begin = range.begin > line_begin ? range.begin - line_begin : 0;
  const std::size_t end = range.end > line_begin ? std::min(range.end - line_begin, line.size()) : 0;
  const DrawnLine drawn = draw(line, begin, end);
  std::string number = std::to_string(position.line);
  if (number.size() < gutter_digits) number.insert(0, gutter_digits - number.size(), ' ');
  std::string out = painter.paint(number + " |", dim);
  out += drawn.text.empty() ? "\n" : " " + drawn.text + "\n";
  out += painter.paint(std::string(number.size(), ' ') + " |", dim);
  out += " " + std::string(drawn.caret_begin, ' ');
  std::string caret(drawn.caret_cells, '^');
  if (!label.empty()) caret += " " + std::string(label);
  return out + painter.paint(caret, colour) + "\n";
}

}  // namespace

std::string_view spelling(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::hint:
      break;
  }
  return "hint";
}

std::string render(const Diagnostic& diagnostic, const source::SourceFiles& files, const RenderOptions& options) {
  const Painter painter(options.colour);
  const char* colour = colour_of(diagnostic.code->severity);
  const std::string heading = std::string(spelling(diagnostic.code->severity)) + "[" + diagnostic.code->code + "]:";
  std::string out = place(diagnostic.range, files) + painter.paint(heading, colour) + " " + diagnostic.message + "\n";
  out += snippet(diagnostic.range, diagnostic.label, files, painter, colour);
  for (const Note& note : diagnostic.notes) {
    out += place(note.range, files) + painter.paint("note:", cyan) + " " + note.message + "\n";
    out += snippet(note.range, {}, files, painter, cyan);
  }
  for (const Fix& fix : diagnostic.fixes) out += painter.paint("fix:", green) + " " + fix.message + "\n";
  return out;
}

std::string render(const Sink& sink, const source::SourceFiles& files, const RenderOptions& options) {
  const Painter painter(options.colour);
  const std::vector<Diagnostic> diagnostics = sink.sorted();
  std::string out;
  std::set<std::string_view> pointed_out;  // a code's long text is mentioned once
  for (std::size_t i = 0; i < std::min(diagnostics.size(), options.limit); ++i) {
    const Diagnostic& diagnostic = diagnostics[i];
    out += render(diagnostic, files, options);
    if (!pointed_out.insert(diagnostic.code->code).second) continue;
    const std::string pointer = "(more: d2nn explain " + std::string(diagnostic.code->code) + ")";
    std::size_t column = 0;
    if (!diagnostic.fixes.empty()) {
      out.pop_back();  // behind the last fix
      column = source::count_code_points("fix: " + diagnostic.fixes.back().message);
    }
    const std::size_t blanks = diagnostic.fixes.empty() ? 0 : column < pointer_column ? pointer_column - column : 2;
    out += std::string(blanks, ' ') + painter.paint(pointer, dim) + "\n";
  }
  if (diagnostics.size() > options.limit) {
    const std::size_t rest = diagnostics.size() - options.limit;
    out += "d2nn: " + std::to_string(rest) + " more not shown\n";
  }
  return out;
}

}  // namespace d2nn::diag
