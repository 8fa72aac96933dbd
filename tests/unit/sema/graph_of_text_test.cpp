// What a correct text becomes: nodes, ops, parameters, costs and orders of the Program, checked by graph::verify too.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "paths/paths.h"
#include "unit/sema/checked_text.h"

using namespace d2nn;
using graph::NodeId;
using sema::check_text;
using sema::CheckedText;
using sema::one_node;

namespace {

/// The only program of the text, which must be well and sound.
graph::Program program_of(const std::string& text) {
  CheckedText checked = check_text(text);
  REQUIRE_MESSAGE(checked.codes().empty(), checked.messages());
  REQUIRE(checked.programs.size() == 1);
  CHECK(graph::verify(checked.programs[0]).empty());
  return std::move(checked.programs[0]);
}

NodeId find(const graph::Program& program, const std::string& name) {
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    if (program.nodes[i].name == name) return {i};
  }
  FAIL("no node " << name);
  return {};
}

std::vector<std::string> parameter_names(const graph::Program& program) {
  std::vector<std::string> names;
  for (const graph::Parameter& parameter : program.parameters) names.push_back(parameter.name);
  return names;
}

std::string read(const std::string& path) {
  const char* root = std::getenv("D2NN_SOURCE_DIR");
  REQUIRE_MESSAGE(root != nullptr, "run through ctest, which sets D2NN_SOURCE_DIR");
  std::ifstream file(std::string(root) + "/" + path);
  REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("high_low costs 3187200 on the high and 727616 on the low path beside its control node") {
  const graph::Program program = program_of(read("examples/high_low/high_low.d2nn"));
  const auto cost = [&](const char* name) { return program[find(program, name)].cost; };
  CHECK(cost("N1") + cost("N2") == 3187200);
  CHECK(cost("N1") + cost("N3") == 727616);
  CHECK(cost("Q") == 2 * 28 * 28 * 8 * 9 + 2 * 14 * 14 * 128 + 128 * 2);
  const paths::Analysis analysis = paths::analyse(program);
  CHECK(analysis.path_count == "2");
  CHECK(analysis.greatest_cost == 3187200 + cost("Q"));
  CHECK(analysis.least_cost == 727616 + cost("Q"));
  CHECK(program.doc.find("High-low") != std::string::npos);
}

TEST_CASE("parameters have PyTorch's names, shapes and fan-in, in order of declaration") {
  const graph::Program program = program_of(
      "network n { input x: f32[4, 6, 6]; output y: f32[2];"
      " node B { dense(3) -> dense(2, bias: false) }"  // declared before A, runs behind it
      " node A { conv(3x3, 8, groups: 2) -> batch_norm -> relu }"
      " x -> A -> B -> y; }");
  CHECK(parameter_names(program) == Names{"B.dense1.weight", "B.dense1.bias", "B.dense2.weight", "A.conv1.weight",
                                          "A.conv1.bias", "A.batch_norm1.weight", "A.batch_norm1.bias",
                                          "A.batch_norm1.running_mean", "A.batch_norm1.running_var"});
  CHECK(program.parameters[0].shape == ops::Shape{3, 128});
  CHECK(program.parameters[0].fan_in == 128);
  CHECK(program.parameters[1].fan_in == 128);
  CHECK(program.parameters[3].shape == ops::Shape{8, 2, 3, 3});
  CHECK(program.parameters[3].fan_in == 18);
  CHECK(program.parameters[4].fan_in == 18);
  CHECK(program.parameters[5].fan_in == 1);
  CHECK_FALSE(program.parameters[8].is_trained);
}

TEST_CASE("labels rename and leave out steps, and labelled layers count in the ordinals") {
  const graph::Program program = program_of(
      "network n { input x: f32[4]; output y: f32[2];"
      " node A as _ { dense(4) as layer2.0.fc -> dense(4) -> dense(4) as output }"
      " node B as head { dense(4) as _ -> relu }"
      " node C { dense(2) as last }"
      " x -> A -> B -> C -> y; }");
  CHECK(parameter_names(program) == Names{"layer2.0.fc.weight", "layer2.0.fc.bias", "dense2.weight", "dense2.bias",
                                          "output.weight", "output.bias", "head.weight", "head.bias", "C.last.weight",
                                          "C.last.bias"});
  const graph::Node& a = program[find(program, "A")];
  CHECK(a.ops[0].label == "layer2.0.fc");
  CHECK(a.ops[1].label == "dense2");
}

TEST_CASE("edges keep their order of declaration, hop by hop") {
  const graph::Program program = program_of(
      "network n { input a: f32[2]; input b: f32[2]; node C join first { } node D join last { relu } output y: f32[2] "
      "join sum;"
      " a, b -> C, D -> y; }");
  std::string text;
  for (const graph::Edge& edge : program.edges) text += program[edge.source].name + program[edge.target].name + " ";
  CHECK(text == "aC aD bC bD Cy Dy ");
  const graph::NodeInput& joined = program[find(program, "y")].inputs[0];
  CHECK(joined.join == graph::Join::sum);
  CHECK(joined.edges.size() == 2);
  CHECK(program[find(program, "C")].ops.empty());
}

TEST_CASE("the topological order holds sources before targets, ties in order of declaration") {
  const graph::Program program = program_of(
      "network n { output y: f32[2] join first; node B { dense(2) } node A { dense(2) } control Q { dense(actions) } "
      "input x: f32[4];"
      " x -> A, B, Q; A, B -> y; Q ~> a: A, b: B; }");
  std::string order;
  for (NodeId id : program.topological_order) order += program[id].name;
  CHECK(order == "xQBAy");
}

TEST_CASE("a join on one edge does nothing") {
  const graph::Program program = program_of("network n { input x: f32[2]; output y: f32[2] join concat; x -> y; }");
  CHECK(program.nodes[1].inputs[0].join == graph::Join::none);
}

TEST_CASE("a default value belongs to the last arrow, for each of its targets") {
  const graph::Program program = program_of(
      "network n { input x: f32[4]; node A { dense(2) } node B { relu } control Q { dense(actions) }"
      " output y: f32[2]; output z: f32[2] join sum; x -> A, Q; A -> B -> y, z default [0.5, -2]; A -> z default 1; Q "
      "~> go: {A, B}, no: none; }");
  const auto fallback = [&](std::size_t edge) { return program.edges[edge].fallback; };
  CHECK_FALSE(fallback(2).has_value());  // A -> B
  CHECK(fallback(3) == std::vector<float>{0.5F, -2});
  CHECK(fallback(4) == std::vector<float>{0.5F, -2});
  CHECK(fallback(5) == std::vector<float>{1});
}

TEST_CASE("actions keep the order of their statements, with sets and none") {
  const graph::Program program = program_of(
      "network n { input x: f32[4]; node A { relu } node B { relu } control Q { dense(actions) } output y: f32[4] join "
      "first;"
      " x -> A, B, Q; A, B -> y; Q ~> both: {A, B}, stop: none; Q ~> one: B; }");
  const std::vector<graph::Action>& actions = program[find(program, "Q")].actions;
  REQUIRE(actions.size() == 3);
  CHECK(actions[0].targets.size() == 2);
  CHECK(actions[1].targets.empty());
  CHECK(actions[2].name == "one");
  CHECK(program[find(program, "Q")].shape == ops::Shape{3});
}

TEST_CASE("lets, sums, products, concat and named inputs make a graph of ops") {
  const graph::Program program = program_of(
      "network n { input x: f32[4]; output y: f32[8]; node A { relu }"
      " node B(left, right join sum) { let h = left -> dense(4) -> relu; return concat(h + right * right, h); }"
      " x -> A -> B.right; x -> B.left, B.right; B -> y; }");
  const graph::Node& node = program[find(program, "B")];
  REQUIRE(node.inputs.size() == 2);
  CHECK(node.inputs[0].edges.size() == 1);
  CHECK(node.inputs[1].join == graph::Join::sum);
  std::vector<std::string> layers;
  for (const graph::Op& op : node.ops) layers.push_back(op.layer->name);
  CHECK(layers == std::vector<std::string>{"dense", "relu", "multiply", "add", "concat"});
  CHECK(node.ops[2].operands == std::vector<graph::ValueId>{{1}, {1}});
  CHECK(node.ops[3].operands == std::vector<graph::ValueId>{{3}, {4}});
  CHECK(node.ops[4].operands == std::vector<graph::ValueId>{{5}, {3}});
  CHECK(node.result == graph::ValueId{6});
}

TEST_CASE("a body may return one of its inputs") {
  const graph::Program program = program_of(
      "network n { input x: f32[2]; input z: f32[2]; node A(left, right) { right } output y: f32[2]; x -> A.left; z -> "
      "A.right; A -> y; }");
  const graph::Node& node = program[find(program, "A")];
  CHECK(node.ops.empty());
  CHECK(node.result == graph::ValueId{1});
}

TEST_CASE("layer arguments go by position, by name and by default") {
  const graph::Program program =
      program_of(one_node("conv(3x5, filters: 4, pad: 1x2, stride: 2) -> max_pool(2) -> avg_pool(kernel: 2x1, stride: "
                          "1) -> dense(2, false)",
                          "f32[3, 16, 16]"));
  const std::vector<graph::Op>& ops = program[find(program, "A")].ops;
  CHECK(ops[0].arguments.extent("kernel") == ops::Extent{3, 5});
  CHECK(ops[0].arguments.extent("stride") == ops::Extent{2, 2});
  CHECK(ops[0].arguments.extent("pad") == ops::Extent{1, 2});
  CHECK(ops[0].arguments.boolean("bias"));
  CHECK(ops[1].arguments.extent("stride") == ops::Extent{2, 2});  // the kernel's
  CHECK(ops[2].arguments.extent("stride") == ops::Extent{1, 1});
  CHECK_FALSE(ops[3].arguments.boolean("bias"));
}

TEST_CASE("dummies are filled, by one number or element by element") {
  const graph::Program program = program_of(
      "network n { input x: f32[2, 2]; dummy a: f32[2, 2] = 0.5; dummy b: f32[2, 2] = [[1, 2], [3, -4]]; output y: "
      "f32[2, 2] join sum; x, a, b -> y; }");
  CHECK(program[find(program, "a")].dummy_value == std::vector<float>(4, 0.5F));
  CHECK(program[find(program, "b")].dummy_value == std::vector<float>{1, 2, 3, -4});
}

TEST_CASE("documentation, ranges and required reach the program") {
  const std::string text =
      "/// The net.\nnetwork n {\n  /// Pixels.\n  input x: f32[2];\n  output y: f32[2] required;\n  x -> y;\n}\n";
  const graph::Program program = program_of(text);
  CHECK(program.doc == "The net.");
  CHECK(program.nodes[0].doc == "Pixels.");
  CHECK(program.nodes[1].is_required);
  const auto spelled = [&](source::SourceRange range) { return text.substr(range.begin, range.end - range.begin); };
  CHECK(spelled(program.nodes[0].range) == "x");
  CHECK(spelled(program.edges[0].range) == "x -> y");
}

TEST_CASE("a dummy that actions target can be skipped, so its default value is of use") {
  program_of(
      "network n { input x: f32[4]; dummy D: f32[2] = 1; node A { dense(2) } control Q { dense(actions) } output y: "
      "f32[2] join sum required;"
      " x -> A, Q; A -> y default 0; D -> y default 3; Q ~> a: A, d: D; }");
}
