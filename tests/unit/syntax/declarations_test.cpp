// Every declaration of the language, read back from the tree with its ranges.
#include <doctest/doctest.h>

#include <string>

#include "parsed.h"

using namespace d2nn;
using namespace d2nn::ast;
using tests::Errors;
using tests::Parsed;

TEST_CASE("imports name a library module or a file") {
  const Parsed parsed("import std.vision;\nimport \"heads.d2nn\" as heads;\nimport std.vision as v;");
  REQUIRE(parsed.errors() == Errors{});
  const auto* library = parsed.item<Import>(0);
  REQUIRE(library != nullptr);
  REQUIRE(library->path.size() == 2);
  CHECK(library->path[1].text == "vision");
  CHECK_FALSE(library->alias);
  CHECK(parsed.text(library->range) == "import std.vision;");
  const auto* file = parsed.item<Import>(1);
  REQUIRE(file != nullptr);
  CHECK(file->file == "heads.d2nn");
  CHECK(file->alias->text == "heads");
  CHECK(file->path.empty());
  CHECK(parsed.item<Import>(2)->path.size() == 2);
  CHECK(parsed.item<Import>(2)->alias->text == "v");
}

TEST_CASE("documentation belongs to the next declaration, line by line") {
  const Parsed parsed(
      "/// First\n///  second\n\n///\nnetwork n {  /// of nothing\n"
      "  input x: f32[3];  /// behind something else\n"
      "  //// ordinary\n  /// out\n  /* between */ output y: f32[3];\n}");
  REQUIRE(parsed.errors() == Errors{});
  CHECK(parsed.item<Network>(0)->doc == "First\n second\n");
  CHECK(parsed.in_network<Input>(0)->doc.empty());
  CHECK(parsed.in_network<Output>(1)->doc == "out");
}

TEST_CASE("blocks have parameters, tensors, lets and a result") {
  const Parsed parsed("block res(ch: int, wide: bool = true)(x, y) { let z = x -> relu; let w = y; return z + w; }");
  REQUIRE(parsed.errors() == Errors{});
  const auto* block = parsed.item<Block>(0);
  REQUIRE(block != nullptr);
  REQUIRE(block->params.size() == 2);
  CHECK(block->params[0].type.text == "int");
  CHECK(block->params[0].fallback == nullptr);
  CHECK(parsed.text(block->params[1].range) == "wide: bool = true");
  REQUIRE(block->tensors.size() == 2);
  CHECK(block->tensors[1].text == "y");
  REQUIRE(block->body.lets.size() == 2);
  CHECK(block->body.lets[0].names[0].text == "z");
  REQUIRE(block->body.result != nullptr);
  CHECK(parsed.text(block->body.result->range) == "z + w");
}

TEST_CASE("inputs, outputs and dummies") {
  const Parsed parsed(
      "network n { input x: f32[3, 4]; output y: f32[2] join last required; output z: f32[2] required; dummy d: f32[1] "
      "= [0.5]; }");
  REQUIRE(parsed.errors() == Errors{});
  CHECK(parsed.in_network<Input>(0)->type.dims.size() == 2);
  CHECK(parsed.text(parsed.in_network<Input>(0)->type.range) == "f32[3, 4]");
  const auto* output = parsed.in_network<Output>(1);
  CHECK(output->join->text == "last");
  CHECK(output->is_required);
  CHECK(parsed.text(output->required_range) == "required");
  CHECK_FALSE(parsed.in_network<Output>(2)->join);
  CHECK(std::holds_alternative<ListExpr>(parsed.in_network<Dummy>(3)->value->value));
}

TEST_CASE("nodes have an index, named inputs, a join, a label and a body, in either order of the last two") {
  const Parsed parsed(
      "network n { node A { relu } control Q join sum as q.0 { dense(actions) } node leaf[i] as _ join max {}"
      " node N(left join first, right) { concat(left, right) } }");
  REQUIRE(parsed.errors() == Errors{});
  CHECK_FALSE(parsed.in_network<Node>(0)->is_control);
  const auto* control = parsed.in_network<Node>(1);
  CHECK(control->is_control);
  CHECK(control->join->text == "sum");
  CHECK(control->label->text == "q.0");
  const auto* leaf = parsed.in_network<Node>(2);
  CHECK(leaf->index != nullptr);
  CHECK(leaf->label->text == "_");
  CHECK(leaf->join->text == "max");
  CHECK(leaf->body.result == nullptr);
  const auto* named = parsed.in_network<Node>(3);
  REQUIRE(named->inputs.size() == 2);
  CHECK(named->inputs[0].join->text == "first");
  CHECK_FALSE(named->inputs[1].join);
}

TEST_CASE("data edges keep their hops, arrows and the default of the last arrow") {
  const Parsed parsed("network n { A, leaf[2] -> B -> C.left, D default -0.5; }");
  REQUIRE(parsed.errors() == Errors{});
  const auto* edges = parsed.in_network<DataEdges>(0);
  REQUIRE(edges != nullptr);
  REQUIRE(edges->hops.size() == 3);
  CHECK(edges->hops[0].size() == 2);
  CHECK(edges->hops[0][1].index != nullptr);
  CHECK(edges->hops[2][0].input->text == "left");
  CHECK(parsed.text(edges->hops[2][0].range) == "C.left");
  REQUIRE(edges->arrows.size() == 2);
  CHECK(edges->arrows[1].begin > edges->arrows[0].begin);
  CHECK(parsed.text(edges->arrows[1]) == "->");
  CHECK(std::holds_alternative<UnaryExpr>(edges->fallback->value));
}

TEST_CASE("control edges name actions with one target, a set or none") {
  const Parsed parsed("network n { Q ~> high: N2, low: {A, B[1],}, stop: none, none: none; }");
  REQUIRE(parsed.errors() == Errors{});
  const auto* edges = parsed.in_network<ControlEdges>(0);
  REQUIRE(edges != nullptr);
  CHECK(edges->source.name.text == "Q");
  CHECK(parsed.text(edges->arrow) == "~>");
  REQUIRE(edges->actions.size() == 4);
  CHECK(edges->actions[0].targets.size() == 1);
  CHECK(edges->actions[1].targets.size() == 2);
  CHECK(edges->actions[2].targets.empty());
  CHECK(edges->actions[3].name.text == "none");
  CHECK(parsed.text(edges->actions[1].range) == "low: {A, B[1],}");
}

TEST_CASE("loops and train blocks") {
  const Parsed parsed(
      "network n { for i in 0..5 { node leaf[i] { relu } for j in i..2 * i {} }"
      " train { loss scores: cross_entropy(weight: 2); metric: f1(positive: 1); loss: 3; } }");
  REQUIRE(parsed.errors() == Errors{});
  const auto* loop = parsed.in_network<std::unique_ptr<For>>(0);
  REQUIRE(loop != nullptr);
  CHECK((*loop)->variable.text == "i");
  CHECK(std::get<NumberExpr>((*loop)->end->value).integer == 5);
  CHECK((*loop)->items.size() == 2);
  const auto* train = parsed.in_network<Train>(1);
  REQUIRE(train != nullptr);
  REQUIRE(train->losses.size() == 1);
  CHECK(train->losses[0].output.text == "scores");
  REQUIRE(train->settings.size() == 2);
  CHECK(train->settings[1].name.text == "loss");
}

TEST_CASE("ranges count bytes where comments hold other letters") {
  const Parsed parsed(
      "// h\xC3\xA9\xE2\x86\x92\n/* \xF0\x9F\x99\x82 */ network caf { /// \xC3\xBC\n  node N { relu } }");
  REQUIRE(parsed.errors() == Errors{});
  CHECK(parsed.text(parsed.item<Network>(0)->name.range) == "caf");
  CHECK(parsed.text(parsed.in_network<Node>(0)->body.range) == "{ relu }");
}

TEST_CASE("the example of the language's reference parses") {
  std::string text =
      "network high_low(classes: int = 2) {\n  input image: f32[3, 112, 112];\n"
      "  node N1 { conv(3x3, 8, stride: 2, pad: 1) -> relu -> max_pool(3x3, stride: 2, pad: 1) }\n"
      "  control Q { conv(3x3, 2, pad: 1) -> relu -> dense(128) -> relu -> dense(actions) }\n"
      "  output scores: f32[classes] join last;\n  image -> N1 -> N2, N3, Q;\n  N2, N3 -> scores;\n  Q ~> high: N2, "
      "low: N3;\n}\n";
  const Parsed parsed(text);
  CHECK(parsed.errors() == Errors{});
  CHECK(parsed.item<Network>(0)->items.size() == 7);
}

TEST_CASE("if holds declarations, one list for each condition and one without") {
  const Parsed parsed("network n { if a { node A { relu } A -> y; } else if b { if c {} } else { x -> y; } if d {} }");
  REQUIRE(parsed.errors() == Errors{});
  const auto* choice = parsed.in_network<std::unique_ptr<If>>(0);
  REQUIRE(choice != nullptr);
  REQUIRE((*choice)->branches.size() == 2);
  CHECK((*choice)->branches[0].items.size() == 2);
  CHECK(std::get<NameExpr>((*choice)->branches[1].condition->value).name.text == "b");
  CHECK(std::holds_alternative<std::unique_ptr<If>>((*choice)->branches[1].items[0]));
  CHECK((*choice)->otherwise.size() == 1);
  CHECK(parsed.text((*choice)->range).starts_with("if a {"));
  CHECK(parsed.text((*choice)->range).ends_with("x -> y; }"));
  const auto* second = parsed.in_network<std::unique_ptr<If>>(1);
  REQUIRE(second != nullptr);
  CHECK((*second)->branches[0].items.empty());
}

TEST_CASE("actions and lets of several: an index, names") {
  const Parsed parsed("network n { Q ~> pick[i + 1]: A[i]; node B { let a, b, c = x -> chunk(3); a } }");
  REQUIRE(parsed.errors() == Errors{});
  const auto* edges = parsed.in_network<ControlEdges>(0);
  REQUIRE(edges != nullptr);
  CHECK(edges->actions[0].name.text == "pick");
  CHECK(parsed.text(edges->actions[0].index->range) == "i + 1");
  const auto* node = parsed.in_network<Node>(1);
  REQUIRE(node != nullptr);
  REQUIRE(node->body.lets.size() == 1);
  REQUIRE(node->body.lets[0].names.size() == 3);
  CHECK(node->body.lets[0].names[2].text == "c");
}
