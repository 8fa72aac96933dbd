// The exact form of diagnostics on a terminal.
#include "diag/render.h"

#include <doctest/doctest.h>

#include <string>

#include "diag/catalogue.h"
#include "source/source_file.h"

using namespace d2nn::diag;
using d2nn::source::SourceFiles;

namespace {

/// A diagnostic at the first place of `marked` in the text.
Diagnostic about(const SourceFiles& files, const std::string& marked, std::string message) {
  const auto begin = static_cast<std::uint32_t>(files[0].text().find(marked));
  return {.code = code("E0106"),
          .message = std::move(message),
          .range = {0, begin, begin + static_cast<std::uint32_t>(marked.size())}};
}

std::string caret_line(const std::string& rendered) {
  std::size_t begin = rendered.find('\n') + 1;
  begin = rendered.find('\n', begin) + 1;
  return rendered.substr(begin, rendered.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("a diagnostic is drawn with its line, caret, label, notes and fixes") {
  SourceFiles files;
  files.add("high_low.d2nn", "network n {\n  N1 -> N2;\n}\n");
  Diagnostic diagnostic = about(files, "->", "shapes disagree along `N1 -> N2`");
  diagnostic.label = "receives f32[8, 28, 28]";
  diagnostic.notes.push_back({{0, 0, 7}, "in this network"});
  diagnostic.fixes.push_back({.message = "use `groups: 1`"});
  CHECK(render(diagnostic, files, {}) ==
        "high_low.d2nn:2:6: error[E0106]: shapes disagree along `N1 -> N2`\n"
        "    2 |   N1 -> N2;\n"
        "      |      ^^ receives f32[8, 28, 28]\n"
        "high_low.d2nn:1:1: note: in this network\n"
        "    1 | network n {\n"
        "      | ^^^^^^^\n"
        "fix: use `groups: 1`\n");
}

TEST_CASE("carets stand under tabs, wide and combining characters as a terminal draws them") {
  SourceFiles files;
  files.add("f", "a\tb \xE5\xB1\x82 c e\xCC\x81 d");  // a, tab, b, a wide letter, c, e with a combining accent, d
  const auto caret = [&](const char* marked) { return caret_line(render(about(files, marked, "m"), files, {})); };
  CHECK(caret("b") == "      | " + std::string(4, ' ') + "^");
  CHECK(caret("\xE5\xB1\x82") == "      | " + std::string(6, ' ') + "^^");
  CHECK(caret("c") == "      | " + std::string(9, ' ') + "^");
  CHECK(caret("d") == "      | " + std::string(13, ' ') + "^");
}

TEST_CASE("a range over several lines is marked to the end of its first line, an empty one by one caret") {
  SourceFiles files;
  files.add("f", "abc\ndef\n");
  Diagnostic diagnostic{.code = code("E0106"), .message = "m", .range = {0, 1, 6}};
  CHECK(caret_line(render(diagnostic, files, {})) == "      |  ^^");
  diagnostic.range = {0, 3, 3};
  CHECK(caret_line(render(diagnostic, files, {})) == "      |    ^");
  diagnostic.range = {0, 8, 8};  // behind the last line break
  CHECK(render(diagnostic, files, {}) == "f:3:1: error[E0106]: m\n    3 |\n      | ^\n");
}

TEST_CASE("bytes that are not text and control characters never reach the terminal") {
  SourceFiles files;
  files.add("f", "a\x1b[2J \xFF b");
  const std::string out = render(about(files, "b", "m"), files, {});
  CHECK(out.find('\x1b') == std::string::npos);
  CHECK(out.find('\xFF') == std::string::npos);
  CHECK(out.find("\xEF\xBF\xBD[2J \xEF\xBF\xBD b") != std::string::npos);
}

TEST_CASE("a very long line is cut around the caret") {
  SourceFiles files;
  files.add("f", std::string(5000, 'a') + "!" + std::string(5000, 'b'));
  const std::string out = render(about(files, "!", "m"), files, {});
  CHECK(out.size() < 1000);
  const std::size_t source_begin = out.find('\n') + 1;
  const std::string source_line = out.substr(source_begin, out.find('\n', source_begin) - source_begin);
  CHECK(source_line.find("...") != std::string::npos);
  CHECK(caret_line(out).find('^') == source_line.find('!'));
}

TEST_CASE("a diagnostic without a place names the program") {
  SourceFiles files;
  const Diagnostic diagnostic{.code = code("E0106"), .message = "no such file", .range = {d2nn::source::no_file, 0, 0}};
  CHECK(render(diagnostic, files, {}) == "d2nn: error[E0106]: no such file\n");
}

TEST_CASE("colour is written only when asked for") {
  SourceFiles files;
  files.add("f", "abc");
  const Diagnostic diagnostic = about(files, "b", "m");
  CHECK(render(diagnostic, files, {}).find('\x1b') == std::string::npos);
  CHECK(render(diagnostic, files, {.colour = Colour::always}).find("\x1b[1;31merror[E0106]:\x1b[0m m") !=
        std::string::npos);
}

TEST_CASE("a sink is drawn in order of place, the long text mentioned once, what is beyond the limit counted") {
  SourceFiles files;
  files.add("f", "abcdef");
  Sink sink;
  for (const char* letter : {"c", "a", "b", "d"}) sink.report(about(files, letter, letter));
  const std::string out = render(sink, files, {.limit = 3});
  const std::size_t a = out.find("f:1:1: error[E0106]: a");
  const std::size_t b = out.find("f:1:2: error[E0106]: b");
  const std::size_t c = out.find("f:1:3: error[E0106]: c");
  CHECK(a < b);
  CHECK(b < c);
  CHECK(c != std::string::npos);
  CHECK(out.find("f:1:4") == std::string::npos);
  CHECK(out.find("d2nn explain E0106") == out.rfind("d2nn explain E0106"));
  CHECK(out.find("d2nn explain E0106") != std::string::npos);
  CHECK(out.ends_with("d2nn: 1 more not shown\n"));
  CHECK(render(Sink{}, files, {}).empty());
}
