// Texts that no person would write: any bytes give a tree or messages, soon and without a crash.
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "parsed.h"

using namespace d2nn;
using tests::Errors;
using tests::Parsed;

namespace {

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

/// The code of the only error.
std::string only_code(const std::string& text) {
  const Parsed parsed(text);
  REQUIRE(parsed.sink.all().size() == 1);
  return parsed.sink.all()[0].code->code;
}

}  // namespace

TEST_CASE("an empty file, blanks, comments and a byte order mark are an empty program") {
  for (const std::string text :
       {"", " \t\r\n", "// only this", "/* and this */", "/// and that", "\xEF\xBB\xBF", "\xEF\xBB\xBF// x\n"}) {
    CAPTURE(text);
    const Parsed parsed(text);
    CHECK(parsed.errors() == Errors{});
    CHECK(parsed.file.items.empty());
  }
}

TEST_CASE("a byte order mark changes no place") {
  CHECK(Parsed("\xEF\xBB\xBF"
               "const = 3;")
            .errors() == Errors{"1:7 E0106 found `=`, expected a name"});
  CHECK(Parsed("const a\xEF\xBB\xBF = 3;").errors() == Errors{"1:8 E0102 U+FEFF means nothing in a program"});
}

TEST_CASE("bytes that are not UTF-8 are one error, and the rest is read") {
  CHECK(Parsed("// caf\xE9\nconst = 3;").errors() ==
        Errors{"1:7 E0101 a byte is not UTF-8 text", "2:7 E0106 found `=`, expected a name"});
  CHECK(Parsed("const a\xFF = \xFF\xFE 3;").errors() ==
        Errors{"1:8 E0101 3 bytes are not UTF-8 text, the first one here"});
}

TEST_CASE("a zero byte and UTF-16 end the reading") {
  CHECK(Parsed(std::string("const a = 3;\0;;;", 16)).errors() ==
        Errors{"1:13 E0101 the file holds a zero byte, a program is UTF-8 text"});
  CHECK(Parsed(std::string("\xFF\xFE"
                           "c\0o\0",
                           6))
            .errors() == Errors{"1:1 E0101 the file is UTF-16, a program is UTF-8 text"});
}

TEST_CASE("unknown characters are named once per run and cause no further message") {
  CHECK(Parsed("const a = 3 $$ 4;").errors() == Errors{"1:13 E0102 `$$` means nothing in a program"});
  CHECK(Parsed("network n { A \xE2\x86\x92 B; }").errors() ==
        Errors{"1:15 E0102 `\xE2\x86\x92` means nothing in a program"});
  CHECK(Parsed("const a =\xC2\xA0"
               "3;")
            .errors() == Errors{"1:10 E0102 U+00A0 means nothing in a program"});
  CHECK(Parsed("# comment of another language\nconst a = 3;").errors() ==
        Errors{"1:1 E0102 `#` means nothing in a program"});
  CHECK(Parsed("const a = b & c | d;").errors() ==
        Errors{"1:13 E0102 `&` means nothing in a program", "1:17 E0102 `|` means nothing in a program"});
}

TEST_CASE("a comment or string without an end is one error") {
  CHECK(Parsed("network n {\n  /* open\n  node A { relu }\n}").errors() ==
        Errors{"2:3 E0103 the comment is not closed"});
  CHECK(Parsed("import \"heads.d2nn\nconst a = 3;").errors() ==
        Errors{"1:8 E0103 the string does not end in its line", "1:19 E0107 found the end of the line, expected `;`"});
  CHECK(Parsed("/*").errors().size() == 1);
  CHECK(Parsed("/*/").errors().size() == 1);
  CHECK(Parsed("\"").errors().size() >= 1);
}

TEST_CASE("nesting is bounded, whatever nests") {
  CHECK(Parsed("const a = " + repeated("(", 256) + "1" + repeated(")", 256) + ";").errors() == Errors{});
  CHECK(only_code("const a = " + repeated("(", 257) + "1" + repeated(")", 257) + ";") == "E0104");
  for (const std::string open :
       {"(", "[", "{", "f(", "network n {", "node N {", "for i in 0..1 {", "f[", "repeat 2 {", "x -> repeat 2 { f("}) {
    CAPTURE(open);
    const Parsed parsed("network n { node N { " + repeated(open, 20000));
    CHECK(parsed.sink.has_errors());
  }
}

TEST_CASE("the depth that operators make is bounded too") {
  CHECK(Parsed("const a = 1" + repeated(" + 1", 1000) + ";").errors() == Errors{});
  CHECK(only_code("const a = 1" + repeated(" + 1", 100000) + ";") == "E0104");
  CHECK(only_code("const a = " + repeated("-", 100000) + "1;") == "E0104");
  CHECK(only_code("const a = " + repeated("!", 100000)) == "E0104");
  const std::string sum = "1" + repeated(" + 1", 100);
  std::string nested = sum;
  for (int i = 0; i < 20; ++i) nested = "(" + nested + ")" + repeated(" + 1", 100);
  CHECK(only_code("const a = " + nested + ";") == "E0104");
}

TEST_CASE("what is long but flat has no bound but the file's size") {
  CHECK(Parsed("network n { node N { " + repeated("relu -> ", 20000) + "relu } }").errors() == Errors{});
  CHECK(Parsed("network n { dummy d: f32[2] = [" + repeated("-1, ", 20000) + "1]; }").errors() == Errors{});
  CHECK(Parsed("network n { A" + repeated(" -> A", 20000) + "; }").errors() == Errors{});
  CHECK(only_code(std::string((std::size_t{16} << 20) + 1, ' ')) == "E0116");
  CHECK(only_code(repeated("1 ", 2'000'001)) == "E0116");
}

TEST_CASE("a hundred thousand tokens are read in a second or so, with and without errors") {
  const std::string good =
      "network n { node A { conv(3x3, 8, stride: 2) -> relu } A -> B, C default 0; Q ~> high: A, low: {B, C}; }\n";
  const std::string bad =
      "network n { node A { conv(3x3, 8 stride: 2) -> } A -> B C default 0; Q ~> high A, low: {B, C}; }\n";
  for (const std::string& text : {repeated(good, 2500), repeated(bad, 2500), repeated(";}", 50000),
                                  repeated("a b ", 50000), repeated("network n {", 30000)}) {
    const auto begin = std::chrono::steady_clock::now();
    const Parsed parsed(text);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    MESSAGE(seconds.count() << " s for " << text.size() << " bytes, " << parsed.sink.error_count() << " errors");
    CHECK(seconds.count() < 15);  // slow machines and sanitizers; a few tenths otherwise
  }
}
