// The door of sema: which programs come out, what the command line sets, and that one mistake is one error.
#include "sema/check.h"

#include <doctest/doctest.h>

#include "unit/sema/checked_text.h"

using namespace d2nn;
using sema::check_text;
using sema::CheckedText;
using sema::CheckOptions;
using sema::one_node;

namespace {

const std::string two_networks =
    "network a(k: int = 2) { input x: f32[4]; node A { dense(k) } output y: f32[k]; x -> A -> y; }\n"
    "network b(k: int = 3, wide: bool = false) { input x: f32[4]; node A { dense(k, bias: wide) } output y: f32[k]; x "
    "-> A -> y; }\n";

}  // namespace

TEST_CASE("every network of a file becomes a program, in order") {
  const CheckedText checked = check_text(two_networks);
  CHECK(checked.codes().empty());
  REQUIRE(checked.programs.size() == 2);
  CHECK(checked.programs[0].name == "a");
  CHECK(checked.programs[1].name == "b");
}

TEST_CASE("a network with an error gives no program, the others do") {
  const CheckedText checked = check_text(two_networks + "network c { input x: f32[2]; output y: f32[3]; x -> y; }");
  CHECK(checked.codes() == "E0302");
  CHECK(checked.programs.size() == 2);
}

TEST_CASE("a warning does not cost the program") {
  const CheckedText checked = check_text("network n { input x: f32[2]; output y: f32[2]; x -> y default 0; }");
  CHECK(checked.codes() == "E0510");
  CHECK_FALSE(checked.sink.has_errors());
  CHECK(checked.programs.size() == 1);
}

TEST_CASE("--network selects one, and an unknown one is named with the nearest") {
  CheckOptions options;
  options.network = "b";
  const CheckedText selected = check_text(two_networks, options);
  REQUIRE(selected.programs.size() == 1);
  CHECK(selected.programs[0].name == "b");
  options.network = "c";
  const CheckedText unknown = check_text(two_networks, options);
  CHECK(unknown.codes() == "E0803");
  CHECK(unknown.messages() == "the file has no network `c`; it has `a`, `b`\n");
  CHECK(unknown.programs.empty());
}

TEST_CASE("a network that was not selected is not checked") {
  CheckOptions options;
  options.network = "a";
  const CheckedText checked = check_text(two_networks + "network c(k: int) { output y: f32[k]; }", options);
  CHECK(checked.codes().empty());
  CHECK(checked.programs.size() == 1);
}

TEST_CASE("definitions set parameters by their type, the last one wins, and settings record them") {
  CheckOptions options;
  options.definitions = {{"k", "5"}, {"wide", "true"}, {"k", "7"}};
  const CheckedText checked = check_text(two_networks, options);
  REQUIRE(checked.programs.size() == 2);
  using Settings = std::vector<std::pair<std::string, std::string>>;
  CHECK(checked.programs[0].settings == Settings{{"k", "7"}});
  CHECK(checked.programs[1].settings == Settings{{"k", "7"}, {"wide", "true"}});
  CHECK(checked.programs[1].parameters.size() == 2);
}

TEST_CASE("a definition that no network has, or that cannot be read, is an error of the command line") {
  CheckOptions options;
  options.definitions = {{"kk", "1"}, {"kk", "2"}};
  CHECK(check_text(two_networks, options).codes() == "E0802");
  options.definitions = {{"k", "two"}};
  CHECK(check_text(two_networks, options).codes() == "E0804 E0804");
  for (const char* value : {"", "1x", "1.5", " 1", "0x10", "99999999999999999999", "true"}) {
    CAPTURE(value);
    options.definitions = {{"k", value}};
    options.network = "a";
    CHECK(check_text(two_networks, options).codes() == "E0804");
  }
}

TEST_CASE("a parameter without a default is needed on the command line only") {
  const std::string text = "network n(k: int) { input x: f32[4]; node A { dense(k) } output y: f32[k]; x -> A -> y; }";
  CHECK(check_text(text).codes() == "E0209");
  CheckOptions options;
  options.definitions = {{"k", "3"}};
  CHECK(check_text(text, options).codes().empty());
}

TEST_CASE("one mistake is one error: what follows from it stays silent") {
  // A wrong argument of A, whose shape B, the join and the output need.
  CHECK(check_text("network n { input x: f32[4]; node A { dense(true) } node B { dense(2) -> conv(3x3, 2) } output y: "
                   "f32[9] join sum;"
                   " x -> A -> B -> y; A -> y; }")
            .codes() == "E0305");
  // An unknown source: its target misses an edge, the other node an end.
  CHECK(check_text("network n { input x: f32[4]; node Aa { dense(2) } output y: f32[2]; x -> Aa; Ab -> y; }").codes() ==
        "E0201");
  // A constant that cannot be computed, used three times.
  CHECK(check_text("const k = 1 / 0; network n(p: int = k) { input x: f32[k]; node A { dense(p) } output y: f32[k]; x "
                   "-> A -> y; }")
            .codes() == "E0207");
  // A control node with one action: `actions` would be 1.
  CHECK(check_text(
            "network n { input x: f32[4]; node A { relu } control Q { dense(actions) -> dense(4) } output y: f32[4];"
            " x -> A -> y; x -> Q; Q ~> go: A; }")
            .codes() == "E0504");
  // A cycle: nothing on it or behind it has a shape.
  CHECK(check_text("network n { input x: f32[4]; node A join sum { dense(3) } node B { dense(5) } output y: f32[2]; x "
                   "-> A -> B -> A; B -> y; }")
            .codes() == "E0401");
  // A broken let, read twice.
  CHECK(check_text(one_node("let h = dense(0x2); return h + h -> dense(2);")).codes() == "E0305");
  // A module that is not there, used twice.
  CHECK(check_text("import std.vision; network n { input x: f32[4]; node A { vision.a(1) -> vision.b -> dense(2) } "
                   "output y: f32[2]; x -> A -> y; }")
            .codes() == "E0214");
  // Every member of a family and every round of a loop makes the same mistake.
  CHECK(check_text("network n { input x: f32[4]; for i in 0..3 { node leaf[i] { dens(2) } x -> leaf[i], nobody; }"
                   " output y: f32[2] join sum; leaf -> y; }")
            .codes() == "E0203 E0201");
  // A broken block, used three times.
  CHECK(check_text("block b(n: int)(x) { x -> dens(n) } network n { input x: f32[4]; node A { b(2) -> b(3) } node B { "
                   "b(2) } output y: f32[2] join sum; x -> A, B -> y; }")
            .codes() == "E0203");
}

TEST_CASE("independent mistakes are all reported") {
  CHECK(check_text("network n { input x: f32[0]; node A { dens(2) } node B { dense() } output y: f32[2] join smu; x -> "
                   "A -> y; z -> B -> y; }")
            .codes() == "E0309 E0203 E0303 E0405 E0201");
}

TEST_CASE("a misspelt name comes with a fix that an editor can apply") {
  const std::string text = one_node("dense(2) -> rellu");
  const CheckedText checked = check_text(text);
  REQUIRE(checked.codes() == "E0203");
  const diag::Diagnostic diagnostic = checked.sink.sorted()[0];
  REQUIRE(diagnostic.fixes.size() == 1);
  const diag::Fix& fix = diagnostic.fixes[0];
  CHECK(fix.is_applicable);
  std::string mended = text;
  mended.replace(fix.range.begin, fix.range.end - fix.range.begin, fix.replacement);
  CHECK(check_text(mended).codes().empty());
}
