// Blocks, repetitions, families and imports: what they leave in the graph is what one would have written out by hand.
#include <doctest/doctest.h>

#include <map>

#include "graph/print.h"
#include "unit/sema/checked_text.h"

using namespace d2nn;
using namespace d2nn::sema;

namespace {

std::vector<std::string> parameter_names(const std::string& text, const CheckOptions& options = {}) {
  const CheckedText checked = check_text(text, options);
  CAPTURE(checked.messages());
  REQUIRE(checked.programs.size() == 1);
  std::vector<std::string> names;
  for (const graph::Parameter& parameter : checked.programs[0].parameters) names.push_back(parameter.name);
  return names;
}

/// The graph as text, without the labels of ops.
std::string graph_of(const std::string& text, const CheckOptions& options = {}) {
  CheckedText checked = check_text(text, options);
  CAPTURE(checked.messages());
  REQUIRE(checked.codes().empty());
  REQUIRE(checked.programs.size() == 1);
  graph::Program& program = checked.programs[0];
  CHECK(graph::verify(program).empty());
  for (graph::Node& node : program.nodes) {
    for (graph::Op& op : node.ops) op.label.clear();
  }
  for (graph::Parameter& parameter : program.parameters) parameter.name.clear();
  return graph::print(program);
}

/// Files in memory, by name.
CheckOptions with_files(std::map<std::string, std::string> files) {
  CheckOptions options;
  options.loader = [files = std::move(files)](const ImportRequest& request) {
    ImportedText found;
    found.name = request.file;
    for (const std::string& step : request.path) found.name += (found.name.empty() ? "" : ".") + step;
    const auto file = files.find(found.name);
    if (file != files.end()) found.text = file->second;
    found.error = "no such file";
    return found;
  };
  return options;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a block's layers are named after its use: label, or its name and ordinal") {
  const std::string block =
      "block res(n: int)(x) { return x + (x -> dense(n, bias: false) -> dense(n, bias: false)); } ";
  CHECK(parameter_names(block + one_node("res(4) -> res(4) -> dense(2)")) ==
        Names{"A.res1.dense1.weight", "A.res1.dense2.weight", "A.res2.dense1.weight", "A.res2.dense2.weight",
              "A.dense1.weight", "A.dense1.bias"});
  CHECK(parameter_names(block + one_node("res(4) as _ -> res(4) as layer2.0 -> dense(2, bias: false) as head")) ==
        Names{"A.dense1.weight", "A.dense2.weight", "A.layer2.0.dense1.weight", "A.layer2.0.dense2.weight",
              "A.head.weight"});
}

TEST_CASE("a repeat numbers its rounds, and one block in it adds no further step") {
  const std::string block = "block res(n: int)(x) { x -> dense(n, bias: false) } ";
  CHECK(parameter_names(block + one_node("repeat 2 { res(4) } as layer1 -> res(2)")) ==
        Names{"A.layer1.0.dense1.weight", "A.layer1.1.dense1.weight", "A.res1.dense1.weight"});
  CHECK(parameter_names(block + one_node("repeat 2 { res(4) } -> repeat 1 { res(4) -> res(2) } from 3")) ==
        Names{"A.repeat1.0.dense1.weight", "A.repeat1.1.dense1.weight", "A.repeat2.3.res1.dense1.weight",
              "A.repeat2.3.res2.dense1.weight"});
  CHECK(parameter_names(block +
                        one_node("repeat 1 { res(4) as inner } as a -> repeat 2 { repeat 1 { res(2) } as b } as _ "
                                 "from 1")) ==
        Names{"A.a.0.inner.dense1.weight", "A.1.b.0.dense1.weight", "A.2.b.0.dense1.weight"});
}

TEST_CASE("blocks, repeat, let and several tensors give the graph that is written out by hand") {
  const std::string blocks =
      "const wide = 4; block res(n: int = wide)(x) { let y = x -> dense(n) -> relu; return y + x; } "
      "block both(a_units: int, b_units: int)(a, b) { concat(a -> dense(a_units), b -> dense(b_units)) } "
      "block plain() { relu -> dense(2) } ";
  const auto node = [](const std::string& body) {
    return "network n { input x: f32[4]; node A(i) { " + body + " } output y: f32[2]; x -> A.i; A -> y; }";
  };
  CHECK(graph_of(blocks + node("let z = i -> repeat 2 { res }; return both(1, b_units: 3)(z -> tanh, z) -> plain;")) ==
        graph_of(
            node("let y1 = i -> dense(4) -> relu; let x1 = y1 + i; let y2 = x1 -> dense(4) -> relu; let z = y2 + x1; "
                 "let t = z -> tanh; return concat(t -> dense(1), z -> dense(3)) -> relu -> dense(2);")));
}

TEST_CASE("a family's bare name stands for its members in order of index, in edges, chains and actions") {
  CHECK(graph_of("network n { input x: f32[4]; for i in 0..2 { node f[i] { dense(2 + i) -> dense(2) } control q[i] { "
                 "dense(actions) } q[i] ~> go: f[i], stop: none; } output y: f32[2] join last; x -> f, q; f -> y; }") ==
        graph_of("network n { input x: f32[4]; node f[0] { dense(2) -> dense(2) } control q[0] { dense(actions) } "
                 "node f[1] { dense(3) -> dense(2) } control q[1] { dense(actions) } output y: f32[2] join last; "
                 "x -> f[0], f[1], q[0], q[1]; f[0], f[1] -> y; q[0] ~> go: f[0], stop: none; q[1] ~> go: f[1], stop: "
                 "none; }"));
  CHECK(
      graph_of("network n { input x: f32[2]; for i in 0..3 { node f[2 - i] { dense(2) } } control q { dense(actions) } "
               "output y: f32[2] join first; x -> q, f; f -> y; q ~> all: f, one: f[1]; }")
          .find("f[0]") != std::string::npos);
}

TEST_CASE("members of a family are named by their index in parameters") {
  CHECK(parameter_names(
            "network n(k: int = 2) { input x: f32[4]; for i in 0..k { node leaf[i] { dense(2, bias: false) } } "
            "output y: f32[2] join sum; x -> leaf -> y; }") == Names{"leaf[0].dense1.weight", "leaf[1].dense1.weight"});
}

TEST_CASE("edges of a loop keep the order of its rounds") {
  const CheckedText checked = check_text(
      "network n { input x: f32[4]; for i in 0..3 { node f[i] { dense(2) } x -> f[i]; f[2 - i] -> y; } output y: "
      "f32[2] join last; }");
  // f[2] is not declared yet when the first round names it: declarations and edges stand in any order.
  REQUIRE(checked.codes().empty());
  std::string order;
  for (const graph::Edge& edge : checked.programs[0].edges) {
    order += checked.programs[0][edge.source].name + ">" + checked.programs[0][edge.target].name + " ";
  }
  CHECK(order == "x>f[0] f[2]>y x>f[1] f[1]>y x>f[2] f[0]>y ");
}

TEST_CASE("modules bring blocks and constants; a file is read once however many ways lead to it") {
  const CheckOptions options = with_files({{"a.d2nn", "import \"c.d2nn\"; block a()(x) { x -> c.layer(c.width) }"},
                                           {"b.d2nn", "import \"c.d2nn\" as d; const twice = d.width * 2;"},
                                           {"c.d2nn", "const width = 2; block layer(n: int)(x) { x -> dense(n) }"}});
  const std::string text = "import \"a.d2nn\"; import \"b.d2nn\"; " + one_node("dense(b.twice) -> a.a");
  CHECK(parameter_names(text, options) ==
        Names{"A.dense1.weight", "A.dense1.bias", "A.a1.layer1.dense1.weight", "A.a1.layer1.dense1.bias"});
  CHECK(check_text(text, options).files.size() == 4);
}

TEST_CASE("a module's own constants are its alone, and its mistakes are its own") {
  const CheckOptions options = with_files(
      {{"a.d2nn", "const k = 3; block a()(x) { x -> dense(k) }"}, {"b.d2nn", "block b()(x) { x -> dens(2) }"}});
  CHECK(check_text("import \"a.d2nn\"; " + one_node("a.a -> dense(k)"), options).codes() == "E0201");
  const CheckedText broken = check_text("import \"b.d2nn\"; " + one_node("b.b -> dense(2)"), options);
  CHECK(broken.codes() == "E0203");
  CHECK(broken.programs.empty());
  CHECK(broken.files[broken.sink.sorted()[0].range.file].name() == "b.d2nn");
}

TEST_CASE("what only a use of a block shows is placed at the use, with a note for every block on the way") {
  const std::string text = "block inner(n: int)(x) { x -> conv(3x3, n) }\nblock outer()(x) { x -> inner(8) }\n" +
                           one_node("relu -> outer -> dense(2)");
  const CheckedText checked = check_text(text);
  REQUIRE(checked.codes() == "E0301");
  const diag::Diagnostic diagnostic = checked.sink.sorted()[0];
  CHECK(checked.files.text(diagnostic.range) == "outer");
  REQUIRE(diagnostic.notes.size() >= 2);
  CHECK(checked.files.text(diagnostic.notes[0].range) == "inner(8)");
  CHECK(checked.files.text(diagnostic.notes[1].range) == "conv(3x3, n)");
}

TEST_CASE("hostile growth is an error, not a hang") {
  CHECK(check_text(one_node("repeat 9000000000000000000 { relu } -> dense(2)")).codes() == "E0308");
  CHECK(check_text(one_node("repeat 9000000000000000000 { identity + identity } -> dense(2)")).codes() == "E0308");
  CHECK(check_text(
            "network n { input x: f32[2]; for i in 0..9000000000000000000 { for j in 0..0 { node a[j] { relu } } } "
            "node b { relu } output y: f32[2]; x -> b -> y; }")
            .codes() == "E0308");
  // 2^60 uses of a block that holds nothing, 60 blocks deep.
  std::string doubling = "block b0()(x) { x }\n";
  for (int i = 1; i <= 60; ++i) {
    const std::string inner = "b" + std::to_string(i - 1);
    doubling += "block b" + std::to_string(i) + "()(x) { x -> " + inner + " -> " + inner + " }\n";
  }
  CHECK(check_text(doubling + one_node("b60 -> dense(2)")).codes() == "E0308");
  // A chain of blocks that would exhaust the stack.
  std::string chain = "block b0()(x) { x -> relu }\n";
  for (int i = 1; i <= 5000; ++i) {
    chain += "block b" + std::to_string(i) + "()(x) { x -> b" + std::to_string(i - 1) + " }\n";
  }
  CHECK(check_text(chain + one_node("b5000 -> dense(2)")).codes() == "E0308");
  CHECK(check_text(chain + one_node("b150 -> dense(2)")).codes().empty());
  // Many files, and files without end.
  std::string imports;
  for (int i = 0; i < 1100; ++i) imports += "import \"" + std::to_string(i) + "\" as m" + std::to_string(i) + ";";
  CheckOptions any;
  any.loader = [](const ImportRequest& request) { return ImportedText{request.file, "const k = 1;", "", {}}; };
  const CheckedText many = check_text(imports + one_node("dense(2)"), any);
  CHECK(many.codes().substr(0, 11) == "E0214 E0214");
  CHECK(many.sink.error_count() == 100);
  CheckOptions endless;
  endless.loader = [](const ImportRequest& request) {
    ImportedText found;
    found.name = request.importer + "x";
    found.text = "import \"next.d2nn\";";
    return found;
  };
  CHECK(check_text("import \"next.d2nn\"; " + one_node("dense(2)"), endless).codes() == "E0214");
}

TEST_CASE("a repeat over a range has its index and counts its rounds from 0; a label that ends in _ takes no dot") {
  const std::string widths = "const w = [4, 8, 2]; ";
  CHECK(graph_of(widths + one_node("repeat i in 0..len(w) { dense(w[i]) -> relu }")) ==
        graph_of(one_node("dense(4) -> relu -> dense(8) -> relu -> dense(2) -> relu")));
  CHECK(parameter_names(widths + one_node("repeat i in 1..3 { dense(w[i], bias: false) } as layer")) ==
        Names{"A.layer.0.dense1.weight", "A.layer.1.dense1.weight"});
  CHECK(parameter_names(one_node("repeat 2 { dense(2, bias: false) as fc } as encoder_layer_ from 1")) ==
        Names{"A.encoder_layer_1.fc.weight", "A.encoder_layer_2.fc.weight"});
  CHECK(parameter_names(one_node("repeat 1 { dense(2, bias: false) as fc } as _")) == Names{"A.0.fc.weight"});
  CHECK(graph_of(one_node("repeat i in 3..3 { dense(i) } -> dense(2)")) == graph_of(one_node("dense(2)")));
  CHECK(graph_of("block b(n: int, w: list) { repeat i in 0..n { repeat j in i..n { dense(w[i] + j) } } }" +
                 one_node("b(2, [5, 6]) -> dense(2)")) ==
        graph_of(one_node("dense(5) -> dense(6) -> dense(7) -> dense(2)")));
}

TEST_CASE("an if stands for the branch that its conditions choose") {
  const auto is_like = [](const std::string& one, const std::string& other) {
    CHECK(graph_of("const yes = true; const no = false; " + one_node(one)) == graph_of(one_node(other)));
  };
  is_like("if yes { dense(3) } else { dense(4) } -> dense(2)", "dense(3) -> dense(2)");
  is_like("relu -> if no { dense(3) } else if yes { tanh } else { dense(4) } -> dense(2)", "relu -> tanh -> dense(2)");
  is_like("relu -> if no { dense(3) } -> dense(2)", "relu -> dense(2)");
  is_like("if no { dense(3) } -> dense(2)", "dense(2)");
  is_like("let h = dense(2); return if yes { h + dense(2) } else { tanh -> dense(2) };",
          "let h = dense(2); return h + dense(2);");
  // In place: neither steps nor ordinals of its own.
  CHECK(parameter_names(one_node("if 1 < 2 { dense(3, bias: false) } -> dense(2, bias: false)")) ==
        Names{"A.dense1.weight", "A.dense2.weight"});
  CHECK(parameter_names("block b(n: int) { dense(n, bias: false) } " +
                        one_node("repeat 1 { if true { b(2) } else { relu } } as layer")) ==
        Names{"A.layer.0.dense1.weight"});
  // A branch that is not taken may need what the condition rules out, and counts as reading a `let`.
  CHECK(check_text("const w = [1]; " + one_node("let h = dense(2); let k = dense(2); "
                                                "return if len(w) > 1 { h -> dense(w[1]) } else { k };"))
            .codes() == "");
  // Inputs with names: no tensor flows in, and none is needed.
  CHECK(check_text(
            "network n { input x: f32[4]; node A(left, right) { let s = if true { left } else { right }; s + right } "
            "output y: f32[4]; x -> A.left, A.right; A -> y; }")
            .codes() == "");
}

TEST_CASE("a condition that no value is known of yet lets every branch of a block's text be checked") {
  CHECK(check_text("block b(wide: bool)(x) { x -> if wide { nonsense } else { dense(true) } }").codes() ==
        "E0201 E0305");
  CHECK(check_text(one_node("if 3 { dense(2) }")).codes() == "E0204");
  CHECK(check_text("block b(wide: bool)(x) { let h = x -> dense(2); if wide { h } else { x -> dense(3) } }" +
                   one_node("b(true)"))
            .codes() == "");
}

TEST_CASE("an if among declarations stands for the branch that its conditions choose") {
  const std::string text =
      "network n(wide: bool = false, extra: int = 0) { input x: f32[4]; output y: f32[2] join sum; "
      "node A { dense(2) } x -> A -> y; if wide { node B { dense(2) } x -> B -> y; for i in 0..2 { node C[i] { "
      "dense(2) } } x -> C; } "
      "else if extra > 0 { for i in 0..extra { node D[i] { dense(2) } x -> D[i]; } D -> y; } "
      "else { x -> E -> y; node E { dense(2) } } if wide { C -> y; } }";
  const auto nodes = [&](std::vector<std::pair<std::string, std::string>> definitions) {
    CheckOptions options;
    options.definitions = std::move(definitions);
    const CheckedText checked = check_text(text, options);
    CAPTURE(checked.messages());
    REQUIRE(checked.programs.size() == 1);
    std::string names;
    for (const graph::Node& node : checked.programs[0].nodes) names += node.name + " ";
    return names;
  };
  CHECK(nodes({}) == "x y A E ");
  CHECK(nodes({{"wide", "true"}}) == "x y A B C[0] C[1] ");
  CHECK(nodes({{"extra", "2"}}) == "x y A D[0] D[1] ");
}

TEST_CASE("actions form families, in the order of their declaration") {
  const CheckedText checked = check_text(
      "network n(experts: int = 3) { input x: f32[4]; control Q { dense(actions) } for i in 0..experts { node E[i] "
      "{ dense(2) } } x -> Q, E; Q ~> skip: none; for i in 0..experts { Q ~> pick[experts - 1 - i]: E[i]; } "
      "output y: f32[2] join first; E -> y; }");
  CAPTURE(checked.messages());
  REQUIRE(checked.programs.size() == 1);
  const graph::Node& control = checked.programs[0].nodes[1];
  REQUIRE(control.actions.size() == 4);
  CHECK(control.actions[0].name == "skip");
  CHECK(control.actions[1].name == "pick[2]");
  CHECK(control.actions[3].name == "pick[0]");
  REQUIRE(control.actions[3].targets.size() == 1);
  CHECK(checked.programs[0][control.actions[3].targets[0]].name == "E[2]");
}
