// Compile-time values: types, arithmetic, order of constants, parameters.
#include "sema/constants.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "unit/sema/checked_text.h"

using namespace d2nn;
using namespace d2nn::sema;

namespace {

/// The value of the last constant of the text, as text; or the codes of what is wrong.
std::string last_constant(const std::string& text) {
  source::SourceFiles files;
  diag::Sink sink;
  const ast::File file = syntax::parse(files, files.add("test.d2nn", text), sink);
  std::vector<const ast::Const*> constants;
  for (const ast::FileItem& item : file.items) constants.push_back(&std::get<ast::Const>(item));
  ConstantScope scope;
  evaluate_constants(constants, scope, sink);
  std::string codes;
  for (const diag::Diagnostic& diagnostic : sink.sorted())
    codes += (codes.empty() ? "" : " ") + std::string(diagnostic.code->code);
  const NamedValue* value = scope.find(constants.back()->name.text);
  REQUIRE(value != nullptr);
  return value->value ? to_text(*value->value) : codes;
}

std::string value(const std::string& expression) {
  return last_constant("const k = " + expression + ";");
}

}  // namespace

TEST_CASE("integers are 64 bits, division truncates towards zero, remainder has the sign of the dividend") {
  CHECK(value("2 + 3 * 4") == "14");
  CHECK(value("(2 + 3) * 4") == "20");
  CHECK(value("7 / 2") == "3");
  CHECK(value("-7 / 2") == "-3");
  CHECK(value("-7 % 3") == "-1");
  CHECK(value("10 - 4 - 3") == "3");
  CHECK(value("9223372036854775807") == "9223372036854775807");
  CHECK(value("-9223372036854775807 - 1") == "-9223372036854775808");
  CHECK(value("9223372036854775807 + 1") == "E0206");
  CHECK(value("(-9223372036854775807 - 1) / -1") == "E0206");
  CHECK(value("(-9223372036854775807 - 1) % -1") == "0");
}

TEST_CASE("a float on either side makes the result a float, which stays finite") {
  CHECK(value("1 / 2.0") == "0.5");
  CHECK(value("0.5 + 1") == "1.5");
  CHECK(value("2.0 * 3") == "6.0");
  CHECK(value("7.5 % 2") == "1.5");
  CHECK(value("-0.5") == "-0.5");
  CHECK(value("1e308 * 10") == "E0206");
  CHECK(value("1.5 / 0.0") == "E0207");
}

TEST_CASE("comparisons and logic give bools") {
  CHECK(value("1 < 2 && 2.0 >= 2") == "true");
  CHECK(value("!(1 == 1.0) || 3 != 3") == "false");
  CHECK(value("3x3 == 3x3") == "true");
  CHECK(value("true != false") == "true");
  CHECK(value("1 && true") == "E0204");
  CHECK(value("1 != 1 && 8 / 0 > 1") == "false");
  CHECK(value("1 == 1 || 8 / 0 > 1 && 9223372036854775807 + 1 > 0") == "true");
  CHECK(value("1 == 1 && 8 / 0 > 1") == "E0207");
  CHECK(value("false && 1") == "E0204");
  CHECK(value("false && 1 / 0") == "E0204");
  CHECK(value("true || -(1 / 0)") == "E0204");
  CHECK(value("true || !(1 / 0 > 1)") == "true");
  CHECK(value("true || 8 / none > 1") == "E0201");
  CHECK(value("3x3 < 4x4") == "E0204");
}

TEST_CASE("constants use each other in any order, and a cycle is named once") {
  CHECK(last_constant("const a = b * 2; const b = c + 1; const c = 3; const z = a;") == "8");
  CHECK(last_constant("const a = b; const b = a; const c = a + b;") == "E0208");
  CHECK(last_constant("const a = missing; const b = a + a;") == "E0201");
}

TEST_CASE("ten thousand constants in a chain are no deeper than one") {
  std::string text;
  constexpr int count = 10000;
  for (int i = 0; i < count; ++i) text += "const k" + std::to_string(i) + " = k" + std::to_string(i + 1) + " + 1;\n";
  text += "const k" + std::to_string(count) + " = 0;\nconst last = k0;\n";
  CHECK(last_constant(text) == std::to_string(count));
}

TEST_CASE("values of definitions are read by type and completely") {
  CHECK(parse_value("-12", ValueType::integer) == Value(std::int64_t{-12}));
  CHECK(parse_value("0.5", ValueType::number) == Value(0.5));
  CHECK(parse_value("3", ValueType::number) == Value(3.0));
  CHECK(parse_value("1e-3", ValueType::number) == Value(1e-3));
  CHECK(parse_value("false", ValueType::boolean) == Value(false));
  CHECK(parse_value("3x112x112", ValueType::dims) == Value(Dims{3, 112, 112}));
  CHECK(parse_value("7", ValueType::dims) == Value(Dims{7}));
  for (const char* text : {"nan", "inf", "1e999", "1,5", "0.5 "}) CHECK_FALSE(parse_value(text, ValueType::number));
  for (const char* text : {"3x", "x3", "3xx3", "-1x3", "3X3", ""}) CHECK_FALSE(parse_value(text, ValueType::dims));
  for (const char* text : {"1", "True", ""}) CHECK_FALSE(parse_value(text, ValueType::boolean));
}

TEST_CASE("an int is a float and dims of one dimension, and nothing else is converted") {
  CHECK(convert(Value(std::int64_t{3}), ValueType::number) == Value(3.0));
  CHECK(convert(Value(std::int64_t{3}), ValueType::dims) == Value(Dims{3}));
  CHECK_FALSE(convert(Value(3.0), ValueType::integer));
  CHECK_FALSE(convert(Value(true), ValueType::integer));
  CHECK_FALSE(convert(Value(Dims{3}), ValueType::integer));
}

TEST_CASE("parameters see constants and the parameters before them") {
  const CheckedText checked = check_text(
      "const base = 4; network n(k: int = base / 2, twice: int = 2 * k, rate: float = 1, size: dims = 3x3) {"
      " input x: f32[twice]; output y: f32[k * 2]; x -> y; }");
  REQUIRE(checked.programs.size() == 1);
  using Settings = std::vector<std::pair<std::string, std::string>>;
  CHECK(checked.programs[0].settings == Settings{{"k", "2"}, {"twice", "4"}, {"rate", "1.0"}, {"size", "3x3"}});
  CHECK(check_text("network n(a: int = b, b: int = 1) { input x: f32[a]; output y: f32[b]; x -> y; }").codes() ==
        "E0201");
}

TEST_CASE("lists hold values of any type, by index and by length") {
  CHECK(value("[16, 0.5, true, 3x3, [1, 2]]") == "[16, 0.5, true, 3x3, [1, 2]]");
  CHECK(value("[]") == "[]");
  CHECK(last_constant("const w = [4, 5, 6]; const rows = [[1], [2]]; const k = w[1] * len(w) + rows[1][0];") == "17");
  CHECK(last_constant("const k = 3; const l = [1 + 1, 2 * w[0]]; const w = [k, k];") == "[3, 3]");
  CHECK(value("len([1, 2]) == 2") == "true");
  CHECK(value("[1, 2] == [1, 2]") == "true");
  CHECK(value("[1, 2] != [1, 2, 3]") == "true");
  CHECK(value("[1] + [2]") == "E0204");
  CHECK(value("[1, [2, -k]]") == "E0208");
}

TEST_CASE("what is no item of a list is said, but not behind a condition that rules it out") {
  CHECK(last_constant("const w = [1, 2]; const k = w[2];") == "E0221");
  CHECK(last_constant("const w = [1, 2]; const k = w[0 - 1];") == "E0221");
  CHECK(last_constant("const w = []; const k = w[0];") == "E0221");
  CHECK(last_constant("const w = [1, 2]; const k = w[0.5];") == "E0204");
  CHECK(last_constant("const w = 3x3; const k = w[0];") == "E0204");
  CHECK(last_constant("const w = [1, 2]; const k = len(w) > 2 && w[2] > 0;") == "false");
  CHECK(value("len(3)") == "E0204");
  CHECK(value("len()") == "E0303");
  CHECK(value("len([1], [2])") == "E0303");
}

TEST_CASE("lists of lists of lists are bounded") {
  std::string text = "const l0 = [0, 0, 0, 0, 0, 0, 0, 0];";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "l" + std::to_string(i - 1);
    text += "const l" + std::to_string(i) + " = [" + before + ", " + before + ", " + before + ", " + before + "];";
  }
  CHECK(last_constant(text) == "E0308");
}

TEST_CASE("a list of ints is dims, and -D reads lists") {
  const Value list = List({Value(std::int64_t{3}), Value(std::int64_t{5})});
  CHECK(convert(list, ValueType::dims) == Value(Dims{3, 5}));
  CHECK_FALSE(convert(list, ValueType::integer));
  CHECK_FALSE(convert(List({}), ValueType::dims));
  CHECK_FALSE(convert(List({Value(0.5)}), ValueType::dims));
  CHECK_FALSE(convert(Dims{3, 5}, ValueType::list));
  CHECK(to_text(*parse_value("[1,2, 3]", ValueType::list)) == "[1, 2, 3]");
  CHECK(to_text(*parse_value("[ [1,0.5],[true,3x3], [] ]", ValueType::list)) == "[[1, 0.5], [true, 3x3], []]");
  CHECK(parse_value("[4,5]", ValueType::dims) == Value(Dims{4, 5}));
  for (const char* text : {"", "1", "[", "]", "[1", "1]", "[1,]", "[,1]", "[1 2]", "[[1]", "[x]", "[1]]"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_value(text, ValueType::list));
  }
  CHECK_FALSE(parse_value(std::string(100, '[') + std::string(100, ']'), ValueType::list));
}

TEST_CASE("layers and dummies take lists by name, and dims of lists") {
  const std::string text =
      "const means = [0.5, 0.25]; const table = [[1, 2], [3, 4]]; network n(sizes: list = [2, 2]) { input x: f32[2, "
      "2]; "
      "node A { reshape(sizes) + reshape([2, 2]) } dummy d: f32[2, 2] = table; output y: f32[2, 2] join sum; "
      "x -> A -> y; d -> y; node B { reshape(2x1x2) -> normalize(means, [1, 1]) -> reshape(sizes) } x -> B -> y; }";
  const CheckedText checked = check_text(text);
  CAPTURE(checked.messages());
  REQUIRE(checked.programs.size() == 1);
  CHECK(checked.programs[0].settings.front().second == "[2, 2]");
  const auto& nodes = checked.programs[0].nodes;
  const auto dummy = std::find_if(nodes.begin(), nodes.end(), [](const auto& node) { return node.name == "d"; });
  REQUIRE(dummy != nodes.end());
  CHECK(dummy->dummy_value == std::vector<float>{1, 2, 3, 4});
}
