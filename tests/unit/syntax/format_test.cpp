// The canonical layout, construct by construct (docs/language.md, "Layout").
#include "syntax/format.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "formatted.h"
#include "parsed.h"

using namespace d2nn;
using tests::faults_of_formatting;
using tests::formatted;

namespace {

/// Items of a network, formatted, without the network around them and its indentation.
std::string items(const std::string& text) {
  const std::string program = "network n {\n" + text + "\n}\n";
  CHECK(faults_of_formatting(program) == "");
  std::string out = formatted(program);
  if (!out.starts_with("network n {\n") || !out.ends_with("}\n")) return out;
  out = out.substr(12, out.size() - 14);
  std::string without;
  for (std::size_t begin = 0; begin < out.size();) {
    const std::size_t end = out.find('\n', begin) + 1;
    const std::string line = out.substr(begin, end - begin);
    without += line.starts_with("  ") ? line.substr(2) : line;
    begin = end;
  }
  return without;
}

std::string whole(const std::string& text) {
  CHECK(faults_of_formatting(text) == "");
  return formatted(text);
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("before and after: every pair of files in layout/") {
  const char* folder = std::getenv("D2NN_SOURCE_DIR");
  REQUIRE_MESSAGE(folder != nullptr, "set D2NN_SOURCE_DIR (ctest does)");
  int pairs = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(folder) / "tests/unit/syntax/layout")) {
    const std::string name = entry.path().string();
    if (!name.ends_with("_before.d2nn")) continue;
    CAPTURE(name);
    const std::string before = read(name);
    CHECK(faults_of_formatting(before) == "");
    CHECK(formatted(before) == read(name.substr(0, name.size() - 12) + "_after.d2nn"));
    ++pairs;
  }
  CHECK(pairs >= 4);
}

TEST_CASE("blanks stand where the house puts them") {
  CHECK(items("input  image :f32[ 3,size*2 ,-1,];") == "input image: f32[3, size * 2, -1];\n");
  CHECK(items("output y:f32[2]join last required;") == "output y: f32[2] join last required;\n");
  CHECK(items("dummy d:f32[2]=[ 0.5,1e-3 , ];") == "dummy d: f32[2] = [0.5, 1e-3];\n");
  CHECK(items("A,B[ i+1 ]->C . left->D default-1;") == "A, B[i + 1] -> C.left -> D default -1;\n");
  CHECK(items("Q~>go:{A,B [2],},stop:none;") == "Q ~> go: {A, B[2]}, stop: none;\n");
  CHECK(items("node N(left join sum,right,)join last as a . 0 . b{}") ==
        "node N(left join sum, right) join last as a.0.b {}\n");
  CHECK(items("control Q{heads . gate(actions)(x)as _->repeat n-1{relu}as l from 2}") ==
        "control Q { heads.gate(actions)(x) as _ -> repeat n - 1 { relu } as l from 2 }\n");
  CHECK(items("node N{!a&&-b<=(c%2)||d!=e}") == "node N { !a && -b <= (c % 2) || d != e }\n");
  CHECK(whole("import std . vision;import\"a b.d2nn\"as x;const k=3x3;") ==
        "import std.vision;\nimport \"a b.d2nn\" as x;\nconst k = 3x3;\n");
}

TEST_CASE("blocks of declarations take a line for each") {
  CHECK(items("for i in 0 .. n*2{node leaf[i]{relu}leaf[i]->y;}for j in 0..1{}") ==
        "for i in 0..n * 2 {\n  node leaf[i] { relu }\n  leaf[i] -> y;\n}\nfor j in 0..1 {}\n");
  CHECK(items("for i in 1..n{for j in 0..i{\n\nA[i]->B[j];}}for i in 0..n{// all\nnode A[i]{relu}}") ==
        "for i in 1..n { for j in 0..i { A[i] -> B[j]; } }\nfor i in 0..n {  // all\n  node A[i] { relu }\n}\n");
  CHECK(items("train{loss y:cross_entropy(weight:2);metric:accuracy;}") ==
        "train {\n  loss y: cross_entropy(weight: 2);\n  metric: accuracy;\n}\n");
  CHECK(items("node N{let h=x->relu;return h+x;}") == "node N {\n  let h = x -> relu;\n  return h + x;\n}\n");
  CHECK(items("node N{return x;}node M{relu;}") == "node N { return x; }\nnode M { relu }\n");
}

TEST_CASE("a pipeline that is too long breaks before layers, its lines of like length") {
  CHECK(items("node N2 { conv(3x3, 16, pad: 1) -> relu -> max_pool(3x3, stride: 2, pad: 1) -> dense(512) -> relu -> "
              "dense(classes) }") ==
        "node N2 { conv(3x3, 16, pad: 1) -> relu -> max_pool(3x3, stride: 2, pad: 1)\n"
        "          -> dense(512) -> relu -> dense(classes) }\n");
  CHECK(whole("block stem(filters: int)(x) { x -> conv(7x7, filters, stride: 2, pad: 3, bias: false) as conv1 -> "
              "batch_norm "
              "as bn1 -> relu -> max_pool(3x3, stride: 2, pad: 1) }") ==
        "block stem(filters: int)(x) {\n"
        "  x -> conv(7x7, filters, stride: 2, pad: 3, bias: false) as conv1 -> batch_norm as bn1 -> relu\n"
        "    -> max_pool(3x3, stride: 2, pad: 1)\n}\n");
}

TEST_CASE("operators break outside of the pipelines they join") {
  CHECK(whole("block r(c: int)(x) { return x -> conv(3x3, c, pad: 1, bias: false) -> batch_norm -> relu -> conv(3x3, "
              "c, pad: "
              "1, bias: false) -> batch_norm + x -> conv(1x1, c, bias: false); }") ==
        "block r(c: int)(x) {\n"
        "  return x -> conv(3x3, c, pad: 1, bias: false) -> batch_norm -> relu\n"
        "             -> conv(3x3, c, pad: 1, bias: false) -> batch_norm\n"
        "         + x -> conv(1x1, c, bias: false);\n}\n");
}

TEST_CASE("long lists fill their lines below their first item, matrices have a line for each row") {
  const std::string names = "a_first_node, a_second_node, a_third_node, a_fourth_node, a_fifth_node, a_sixth_node";
  CHECK(items(names + ", a_seventh_node -> sum_of_all default 0;") ==
        "a_first_node, a_second_node, a_third_node, a_fourth_node, a_fifth_node, a_sixth_node,\n"
        "a_seventh_node -> sum_of_all default 0;\n");
  CHECK(items("Q ~> first: {" + names + "}, second: none;") ==
        "Q ~> first: {a_first_node, a_second_node, a_third_node, a_fourth_node, a_fifth_node,\n"
        "             a_sixth_node},\n"
        "     second: none;\n");
  CHECK(items("dummy d: f32[2, 9] = [[1.25, 1.25, 1.25, 1.25, 1.25, 1.25, 1.25, 1.25, 1.25], [2.25, 2.25, 2.25, 2.25, "
              "2.25, "
              "2.25, 2.25, 2.25, 2.25]];") ==
        "dummy d: f32[2, 9] = [[1.25, 1.25, 1.25, 1.25, 1.25, 1.25, 1.25, 1.25, 1.25],\n"
        "                      [2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 2.25]];\n");
}

TEST_CASE("at most one blank line stays, none at the ends of a block, and networks are set off") {
  CHECK(whole("\n\n\nconst a = 1;\nconst b = 2;\nnetwork n {\n\n\n  input x: f32[1];\n\n\n\n  x -> y;\n\n}\nconst c = "
              "3;\n\n\n") ==
        "const a = 1;\nconst b = 2;\n\nnetwork n {\n  input x: f32[1];\n\n  x -> y;\n}\n\nconst c = 3;\n");
  CHECK(whole("network a {}\n// about b\n/// b\nnetwork b {}") == "network a {}\n\n// about b\n/// b\nnetwork b {}\n");
  CHECK(whole("// the file\n/// a\nnetwork a {}  // end") == "// the file\n/// a\nnetwork a {}  // end\n");
}

TEST_CASE("comments keep their places") {
  CHECK(items("// first\n\n\n  // second\nx -> y;// behind\n /// doc\n/* between */ input x: f32[1];\n // last") ==
        "// first\n\n// second\nx -> y;  // behind\n/// doc\n/* between */ input x: f32[1];\n// last\n");
  CHECK(items("node N { conv( /* kernel */ 3x3, 8 ) // why\n -> relu }") ==
        "node N { conv(/* kernel */ 3x3, 8)  // why\n         -> relu }\n");
  CHECK(items("node N { // open\n relu }") == "node N {  // open\n  relu\n}\n");
  CHECK(items("dummy d: f32[2] = [1, // one\n // and\n 2 /* two */];") ==
        "dummy d: f32[2] = [1,  // one\n                   // and\n                   2 /* two */];\n");
  CHECK(whole("") == "");
  CHECK(whole("\n \n") == "");
  CHECK(whole("  // alone  ") == "// alone\n");
}

TEST_CASE("comments behind neighbouring lines stand below each other") {
  CHECK(items("image -> N1 -> N2, N3, Q; // data edges\nN2, N3 -> scores;\nQ ~> high: N2, low: N3; // control edges") ==
        "image -> N1 -> N2, N3, Q;  // data edges\nN2, N3 -> scores;\nQ ~> high: N2, low: N3;    // control edges\n");
  CHECK(items("a -> b; // one\n\nlonger -> longest; // two") == "a -> b;  // one\n\nlonger -> longest;  // two\n");
}

TEST_CASE("a comment of several lines moves as a whole") {
  CHECK(items("      /* one\r\n         two\r\n  three */\n") == "/* one\n   two\nthree */\n");
}

TEST_CASE("the byte order mark and the line ends of other systems go") {
  CHECK(whole("\xEF\xBB\xBF// caf\xC3\xA9\r\nconst a = 1;\r\r\nconst b = 2;\r") ==
        "// caf\xC3\xA9\nconst a = 1;\n\nconst b = 2;\n");
}

TEST_CASE("a text that does not parse is not formatted, and says why") {
  source::SourceFiles files;
  files.add("test.d2nn", "network n { input x f32[1]; }");
  diag::Sink sink;
  CHECK_FALSE(syntax::format(files, 0, sink));
  CHECK(sink.error_count() == 1);
}

TEST_CASE("a hundred thousand tokens and the deepest nesting are laid out") {
  std::string text = "network n {\n";
  for (int i = 0; i < 3000; ++i)
    text += "node N" + std::to_string(i) + "{conv(3x3,16,pad:1)->relu->max_pool(3x3,stride:2,pad:1)}\n";
  text += "}\n";
  const std::string once = formatted(text);
  CHECK(std::ranges::count(once, '\n') == 3002);
  std::string deep = "const a = ";
  for (int i = 0; i < 250; ++i) deep += "(-";
  deep += "1";
  for (int i = 0; i < 250; ++i) deep += ")";
  CHECK(faults_of_formatting(deep + ";") == "");
  std::string lists = "const a = ";
  for (int i = 0; i < 250; ++i) lists += "[";
  for (int i = 0; i < 250; ++i) lists += "]";
  CHECK(faults_of_formatting(lists + ";") == "");
  std::string chain = "block b()(x) { x";
  for (int i = 0; i < 3000; ++i) chain += " -> relu";
  CHECK(faults_of_formatting(chain + " }") == "");
}
