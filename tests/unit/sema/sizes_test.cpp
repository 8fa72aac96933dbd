// Shapes are known while a body is read: sizes of tensors as compile-time values, and what is said in which order.
#include <doctest/doctest.h>

#include "graph/print.h"
#include "unit/sema/checked_text.h"

using namespace d2nn;
using namespace d2nn::sema;

namespace {

/// The shapes of the ops of the node A, with a space between.
std::string shapes_of(const std::string& text) {
  const CheckedText checked = check_text(text);
  CAPTURE(checked.messages());
  REQUIRE(checked.codes().empty());
  REQUIRE(checked.programs.size() == 1);
  CHECK(graph::verify(checked.programs[0]).empty());
  std::string shapes;
  for (const graph::Node& node : checked.programs[0].nodes) {
    if (node.name != "A") continue;
    for (const graph::Op& op : node.ops) shapes += (shapes.empty() ? "" : " ") + op.shape.to_string();
  }
  return shapes;
}

}  // namespace

TEST_CASE("sizes of a tensor are ints: those of an image by their names, those of any tensor by the axis") {
  const auto image = [](const std::string& value) {
    return shapes_of(one_node("let h = identity; return h -> dense(" + value + ") -> dense(2);", "f32[6, 4, 5]"));
  };
  CHECK(image("channels(h)") == "f32[6, 4, 5] f32[6] f32[2]");
  CHECK(image("height(h)") == "f32[6, 4, 5] f32[4] f32[2]");
  CHECK(image("width(h)") == "f32[6, 4, 5] f32[5] f32[2]");
  CHECK(image("size(h, 0) * size(h, 1) - size(h, 1 + 1)") == "f32[6, 4, 5] f32[19] f32[2]");
  CHECK(shapes_of(one_node("let h = dense(8) -> reshape(2x2x1x2); return h -> dense(size(h, 3));")) ==
        "f32[8] f32[2, 2, 1, 2] f32[2]");
  CHECK(
      shapes_of(one_node("let h = dense(8); return h -> reshape(1x8) -> leaky_relu(size(h, 0) * 0.5) -> dense(2);")) ==
      "f32[8] f32[1, 8] f32[1, 8] f32[2]");
}

TEST_CASE("a size is that of the join of a node's edges, and of the tensor that a use gives to a block") {
  CHECK(shapes_of("network n { input a: f32[3]; input b: f32[5]; node A(l join concat, r) { l -> dense(size(l, 0) * "
                  "size(r, 0)) } output y: f32[40]; a, b -> A.l; b -> A.r; A -> y; }") == "f32[40]");
  const std::string half = "block half(units: int = size(x, 0) / 2)(x) { x -> dense(units) -> dense(size(x, 0) / 2) } ";
  CHECK(shapes_of(half + one_node("repeat 2 { half }", "f32[8]")) == "f32[4] f32[4] f32[2] f32[2]");
  CHECK(shapes_of(half + one_node("half(5)")) == "f32[5] f32[2]");
  CHECK(shapes_of(half + "block outer()(z) { let x = z -> dense(6); return half(size(z, 0))(x); }" +
                  one_node("outer -> dense(2)")) == "f32[6] f32[4] f32[3] f32[2]");
}

TEST_CASE("a repeat may count by a size, and its rounds see the tensors around it") {
  CHECK(shapes_of(one_node("let h = dense(3); return h -> repeat size(h, 0) - 1 { dense(size(h, 0)) } -> dense(2);")) ==
        "f32[3] f32[3] f32[3] f32[2]");
}

TEST_CASE("a choice may depend on a size, and rules out what its other branch would ask") {
  const std::string fit = "block fit(n: int)(x) { x -> if size(x, 0) != n { dense(n) } } ";
  CHECK(shapes_of(fit + one_node("dense(3) -> fit(3) -> fit(2) -> fit(2)")) == "f32[3] f32[2]");
  CHECK(shapes_of("block wide(rank: int)(x) { x -> if rank > 1 && size(x, 1) > 2 { dense(2) } } " +
                  one_node("wide(1) -> dense(2)")) == "f32[2]");
  // What is unknown because of another mistake chooses no branch and says nothing.
  CHECK(check_text(fit + one_node("conv(3x3, 8) -> fit(2)")).codes() == "E0301");
}

TEST_CASE("words that ask for sizes are no reserved words") {
  CHECK(shapes_of("block size(channels: int)(width) { width -> dense(channels + size(width, 0)) } " +
                  one_node("size(3) -> dense(2)")) == "f32[7] f32[2]");
}

TEST_CASE("to ask for a size is not to read a tensor") {
  CHECK(check_text(one_node("let h = dense(8); return dense(size(h, 0)) -> dense(2);")).codes() == "E0213");
}

TEST_CASE("a size is asked of a tensor of the body and nothing else") {
  CHECK(check_text("const k = size(x, 0); " + one_node("dense(2)")).codes() == "E0201");
  CHECK(
      check_text("network n { input x: f32[2]; node A { dense(size(x, 0)) } output y: f32[size(x, 0)]; x -> A -> y; }")
          .codes() == "E0205 E0205");
  CHECK(check_text(one_node("let h = dense(8); let n = size(h, 0); return h -> dense(2);")).codes() == "E0205");
  CHECK(check_text(one_node("let h = dense(8); return h -> size(h, 0) -> dense(2);")).codes() == "E0205");
  CHECK(check_text(one_node("let h = dense(8); return h -> dense(size());")).codes() == "E0303");
}

TEST_CASE("a size that is unknown because of another mistake is silent") {
  // On a cycle, without an edge, behind a node that is wrong, behind a layer that does not fit.
  CHECK(check_text("network n { node A(x) { x -> dense(channels(x)) } output y: f32[2]; A -> A.x; A -> y; }").codes() ==
        "E0401");
  CHECK(check_text("network n { node A(x) { x -> dense(size(x, 7)) } output y: f32[2]; A -> y; }").codes() == "E0406");
  CHECK(check_text("network n { input x: f32[2]; node A { conv(3x3, 2) } node B(x) { x -> dense(channels(x)) } "
                   "output y: f32[2]; x -> A -> B.x; B -> y; }")
            .codes() == "E0301");
  CHECK(check_text(one_node("let h = conv(3x3, 8); return h -> dense(channels(h));")).codes() == "E0301");
  // Of a text that is wrong only that is told, as of any body.
  CHECK(check_text(one_node("let h = conv(3x3, 8); return h -> dense(channels(h)) -> rleu;")).codes() == "E0203");
  CHECK(check_text("block b()(x) { x -> rleu } " + one_node("conv(3x3, 8) -> b")).codes() == "E0203");
}

TEST_CASE("a mistake that the tensor of a use brings is told at the use, also one of a default") {
  const std::string text = "block b(n: int = channels(x))(x) { x -> dense(n) } " + one_node("dense(3) -> b");
  const CheckedText checked = check_text(text);
  REQUIRE(checked.codes() == "E0313");
  const diag::Diagnostic diagnostic = checked.sink.sorted()[0];
  CHECK(diagnostic.message == "`x` is f32[3], but `channels` is one of an image [C, H, W]");
  CHECK(text.substr(diagnostic.range.begin, diagnostic.range.end - diagnostic.range.begin) == "b");
  REQUIRE(diagnostic.notes.size() == 2);
  CHECK(diagnostic.notes[0].message == "here in the block `b`");
  CHECK(text.substr(diagnostic.notes[0].range.begin, 1) == "x");
  CHECK(check_text("block b(n: int, m: int = 8 / n) { dense(m) } " + one_node("b(0)")).sink.sorted()[0].notes.size() ==
        1);
}

TEST_CASE("what is said of a family is said of its first member, whatever the order of its edges") {
  const CheckedText checked = check_text(
      "network n { input x: f32[2]; for i in 0..3 { node N[i](a) { relu } } output y: f32[2]; x -> N[2].a; "
      "N[2] -> N[1].a; N[1] -> N[0].a; N[0] -> y; }");
  CHECK(checked.messages() == "the inputs of `N[0]` have names, so none flows in by itself\n");
}

TEST_CASE("nodes may be declared behind what they feed") {
  CHECK(shapes_of("network n { output y: f32[2]; node A(x) { x -> dense(size(x, 0)) } node B { dense(2) } input x: "
                  "f32[4]; x -> B -> A.x; A -> y; }") == "f32[2]");
}
