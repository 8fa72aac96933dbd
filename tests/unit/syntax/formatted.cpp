#include "formatted.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "ast_text.h"
#include "parsed.h"
#include "syntax/format.h"

namespace d2nn::tests {

namespace {

bool is_break(char c) {
  return c == '\n' || c == '\r';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\v' || c == '\f' || is_break(c);
}

std::string trimmed_lines(std::string_view comment) {
  std::string out;
  std::string line;
  const auto end_line = [&] {
    const auto begin = line.find_first_not_of(" \t\v\f");
    if (begin != std::string::npos) out += line.substr(begin, line.find_last_not_of(" \t\v\f") + 1 - begin);
    line.clear();
  };
  for (std::size_t i = 0; i < comment.size(); ++i) {
    if (!is_break(comment[i])) {
      line += comment[i];
      continue;
    }
    end_line();
    out += '\n';
    if (comment.substr(i, 2) == "\r\n") ++i;
  }
  end_line();
  return out;
}

/// The next sign behind `begin` that is neither blank nor comment, or 0.
char next_code(std::string_view text, std::size_t begin) {
  for (std::size_t i = begin; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("//")) {
      i += std::min(rest.find_first_of("\r\n"), rest.size());
    } else if (rest.starts_with("/*")) {
      i += rest.find("*/", 2) + 2;
    } else if (is_blank(rest.front())) {
      ++i;
    } else {
      return rest.front();
    }
  }
  return 0;
}

/// One walk over the text: code and comments apart.
struct Walk {
  explicit Walk(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    bool has_code_in_line = false;
    bool is_dropped = false;  // the code before may be left out: where a comment behind it stands is not said
    const auto add_comment = [&](const char* place, std::string_view comment) {
      comments.push_back((is_dropped ? "? " : place) + trimmed_lines(comment));
    };
    for (std::size_t i = 0; i < text.size();) {
      const std::string_view rest = text.substr(i);
      std::size_t length = 1;
      if (rest.starts_with("//")) {
        length = std::min(rest.find_first_of("\r\n"), rest.size());
        add_comment(has_code_in_line ? "> " : "| ", rest.substr(0, length));
      } else if (rest.starts_with("/*")) {
        length = rest.find("*/", 2) + 2;
        const std::size_t next = rest.find_first_not_of(" \t\v\f", length);
        const bool ends_line = next == std::string_view::npos || is_break(rest[next]);
        add_comment(!ends_line ? "- " : has_code_in_line ? "> " : "| ", rest.substr(0, length));
      } else if (rest.front() == '"') {
        length = rest.find('"', 1) + 1;
        code += rest.substr(0, length);
        has_code_in_line = true;
      } else if (is_break(rest.front())) {
        has_code_in_line = false;
      } else if (!is_blank(rest.front())) {
        const bool is_closing = rest.front() == ')' || rest.front() == ']' || rest.front() == '}';
        if (is_closing && !code.empty() && (code.back() == ',' || (rest.front() == '}' && code.back() == ';')))
          code.pop_back();
        code += rest.front();
        const char next = next_code(text, i + 1);
        is_dropped = (rest.front() == ',' && (next == ')' || next == ']' || next == '}')) ||
                     (rest.front() == ';' && next == '}');
        has_code_in_line = true;
      }
      i += length;
    }
  }

  std::string code;
  std::vector<std::string> comments;
};

}  // namespace

std::string formatted(const std::string& text) {
  source::SourceFiles files;
  files.add("test.d2nn", text);
  diag::Sink sink;
  const std::optional<std::string> out = syntax::format(files, 0, sink);
  if (out) return *out;
  std::ostringstream errors;
  errors << "error" << Parsed(text).errors();
  return errors.str();
}

std::vector<std::string> comments_of(const std::string& text) {
  return Walk(text).comments;
}

std::string code_of(const std::string& text) {
  return Walk(text).code;
}

std::string faults_of_formatting(const std::string& text) {
  const std::string once = formatted(text);
  if (once.starts_with("error")) return "does not parse: " + once;
  std::string faults;
  if (ast_text(Parsed(text).file) != ast_text(Parsed(once).file)) faults += "another syntax tree\n";
  if (code_of(text) != code_of(once)) faults += "other tokens\n";
  if (const std::string twice = formatted(once); twice != once) faults += "formatting again changes it:\n" + twice;
  const std::vector<std::string> before = comments_of(text);
  const std::vector<std::string> after = comments_of(once);
  if (before.size() != after.size()) faults += "another number of comments\n";
  for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
    if (before[i].substr(2) != after[i].substr(2)) faults += "comment `" + before[i] + "` is now `" + after[i] + "`\n";
    const bool was_own_line = before[i].starts_with('|');
    if (was_own_line != after[i].starts_with('|') && !after[i].starts_with('?') && !before[i].starts_with('-') &&
        !before[i].starts_with('?'))
      faults += "comment `" + before[i] + "` stands elsewhere: `" + after[i] + "`\n";
  }
  std::istringstream lines(once);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && is_blank(line.back())) faults += "a blank at the end of `" + line + "`\n";
  }
  if (!once.empty() && once.back() != '\n') faults += "no line feed at the end\n";
  if (once.find("\n\n\n") != std::string::npos) faults += "two blank lines\n";
  return faults.empty() ? faults : faults + "--- from:\n" + text + "\n--- to:\n" + once;
}

}  // namespace d2nn::tests
