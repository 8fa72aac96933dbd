// The rules of docs/language.md ("Semantics, per sample") on programs small enough to compute in one's head.
#include "reference/interpreter.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "reference/joins.h"
#include "reference/program_builder.h"

using namespace d2nn;
using graph::Join;
using graph::NodeId;
using graph::Program;
using ops::Shape;
using reference::Batch;
using reference::dense_attrs;
using reference::Interpreter;
using reference::Mode;
using reference::Options;
using reference::ProgramBuilder;
using reference::Sample;
using reference::SampleResult;
using reference::Weights;

namespace {

using Values = std::vector<float>;

/// x: f32[2] -> Q { identity }, A (x + x), B (x * x); Q ~> a: A, b: B. Q's scores are the sample itself.
struct Branches {
  ProgramBuilder builder;
  NodeId x, q, a, b, y;

  Branches() {
    x = builder.input("x", Shape{2});
    q = builder.control("Q");
    a = builder.node("A");
    b = builder.node("B");
    y = builder.output("y");
    builder.op(a, "add", {}, {{0}, {0}});
    builder.op(b, "multiply", {}, {{0}, {0}});
    for (const NodeId target : {q, a, b}) builder.edge(x, target);
    builder.action(q, "a", {a});
    builder.action(q, "b", {b});
  }
};

}  // namespace

TEST_CASE("the highest score decides, a tie goes to the action declared first") {
  Branches net;
  net.builder.edge(net.a, net.y);
  net.builder.edge(net.b, net.y);
  net.builder.join(net.y, Join::last);
  const Program program = net.builder.finish();
  const Interpreter<float> interpreter(program, {});
  const auto low = interpreter.run_sample({{5, 3}});
  CHECK(low.actions[0] == 0u);
  CHECK(low.outputs[0] == Values{10, 6});
  CHECK(low.executed[net.a.index]);
  CHECK_FALSE(low.executed[net.b.index]);
  const auto high = interpreter.run_sample({{3, 5}});
  CHECK(high.actions[0] == 1u);
  CHECK(high.outputs[0] == Values{9, 25});
  CHECK(interpreter.run_sample({{4, 4}}).actions[0] == 0u);
}

TEST_CASE("a skipped node's edge carries its default, or null") {
  Branches net;
  net.builder.edge(net.a, net.y, Values{7});
  net.builder.edge(net.b, net.y, Values{-1, -2});
  net.builder.join(net.y, Join::sum);
  const NodeId z = net.builder.output("z");
  net.builder.edge(net.a, z);
  const Program program = net.builder.finish();
  const Interpreter<float> interpreter(program, {});
  const auto by_a = interpreter.run_sample({{5, 3}});
  CHECK(by_a.outputs[0] == Values{9, 4});
  CHECK(by_a.outputs[1] == Values{10, 6});
  CHECK(by_a.executed[z.index]);
  const auto by_b = interpreter.run_sample({{3, 5}});
  CHECK(by_b.outputs[0] == Values{16, 32});
  CHECK_FALSE(by_b.outputs[1]);
  CHECK_FALSE(by_b.executed[z.index]);
}

TEST_CASE("joins: sum, mean, max and concat need all their edges, first and last take what there is") {
  struct Case {
    Join join;
    std::optional<Values> when_all, when_first_is_null;
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Case& expected :
       {Case{Join::sum, Values{6, 3}, std::nullopt}, Case{Join::mean, Values{2, 1}, std::nullopt},
        Case{Join::max, Values{5, 4}, std::nullopt}, Case{Join::concat, Values{5, -4, -4, 3, 5, 4}, std::nullopt},
        Case{Join::first, Values{5, -4}, Values{-4, 3}}, Case{Join::last, Values{5, 4}, Values{5, 4}}}) {
    CAPTURE(graph::spelling(expected.join));
    std::vector<reference::Carried<float>> edges(3);
    edges[0].value = Values{5, -4};
    edges[1].value = Values{-4, 3};
    edges[2].value = Values{5, 4};
    CHECK(reference::join_forward(expected.join, edges) == expected.when_all);
    edges[0].value.reset();
    CHECK(reference::join_forward(expected.join, edges) == expected.when_first_is_null);
    for (auto& edge : edges) edge.value.reset();
    CHECK_FALSE(reference::join_forward(expected.join, edges));
  }
  std::vector<reference::Carried<float>> edges(2);
  edges[0].value = Values{1, nan};
  edges[1].value = Values{nan, 1};
  const auto joined = reference::join_forward(Join::max, edges);
  CHECK(std::isnan((*joined)[0]));
  CHECK(std::isnan((*joined)[1]));
}

TEST_CASE("gradients of joins go to the edges that made the value and never to defaults") {
  std::vector<reference::Carried<float>> edges(3);
  edges[0].value = Values{5, -4};
  edges[1].value = Values{5, 3};
  edges[2] = {Values{1, 9}, true};
  const Values gradient{6, 12};
  const auto with = [&](Join join) { return reference::join_backward(join, edges, gradient); };
  CHECK(with(Join::sum) == std::vector<Values>{{6, 12}, {6, 12}, {}});
  CHECK(with(Join::mean) == std::vector<Values>{{2, 4}, {2, 4}, {}});
  CHECK(with(Join::max) == std::vector<Values>{{6, 0}, {0, 0}, {}});
  CHECK(with(Join::first) == std::vector<Values>{{6, 12}, {}, {}});
  CHECK(with(Join::last) == std::vector<Values>{{}, {}, {}});
  CHECK(reference::join_backward(Join::concat, edges, Values{1, 2, 3, 4, 5, 6}) ==
        std::vector<Values>{{1, 2}, {3, 4}, {}});
}

TEST_CASE("a node with several inputs is skipped when one is null, and a control node behind it decides nothing") {
  Branches net;
  const NodeId both = net.builder.node("Both", 2);
  net.builder.op(both, "concat", {}, {{0}, {1}});
  net.builder.edge(net.x, both, std::nullopt, 0);
  net.builder.edge(net.a, both, std::nullopt, 1);
  const NodeId second = net.builder.control("Q2");
  net.builder.op(second, "dense", dense_attrs(2));
  net.builder.edge(both, second);
  const NodeId dummy = net.builder.dummy("D", Shape{2}, {8});
  net.builder.action(second, "dummy", {dummy});
  net.builder.action(second, "nothing", {});
  net.builder.edge(dummy, net.y);
  net.builder.edge(net.b, net.y);
  net.builder.join(net.y, Join::first);
  const Program program = net.builder.finish();
  // Scores: the first element of x, and 0.
  const Interpreter<float> interpreter(program, {{1, 0, 0, 0, 0, 0, 0, 0}, {0, 0}});
  const auto complete = interpreter.run_sample({{5, 3}});
  CHECK(complete.executed[both.index]);
  CHECK(complete.actions[1] == 0u);
  CHECK(complete.executed[dummy.index]);
  CHECK(complete.outputs[0] == Values{8, 8});
  CHECK(complete.cost == 8);
  const auto skipped = interpreter.run_sample({{3, 5}});
  CHECK_FALSE(skipped.executed[both.index]);
  CHECK_FALSE(skipped.executed[second.index]);
  CHECK_FALSE(skipped.actions[1]);
  CHECK(skipped.scores[1].empty());
  CHECK_FALSE(skipped.executed[dummy.index]);
  CHECK(skipped.outputs[0] == Values{9, 25});
  CHECK(skipped.cost == 0);
  const auto stopped = interpreter.run_sample({{-1, -2}});
  CHECK(stopped.actions[1] == 1u);
  CHECK_FALSE(stopped.outputs[0]);
}

TEST_CASE("a control score that is not finite stops its sample, names both, and leaves the others alone") {
  Branches net;
  net.builder.edge(net.a, net.y);
  net.builder.edge(net.b, net.y);
  net.builder.join(net.y, Join::last);
  const Program program = net.builder.finish();
  const Interpreter<float> interpreter(program, {});
  const float infinity = std::numeric_limits<float>::infinity();
  const auto batch = interpreter.forward({{{1, 2}}, {{1, infinity}}, {{2, 1}}});
  CHECK(batch.results[0].outputs[0] == Values{1, 4});
  REQUIRE(batch.results[1].error);
  CHECK(batch.results[1].error->find("sample 1") != std::string::npos);
  CHECK(batch.results[1].error->find("`Q`") != std::string::npos);
  CHECK_FALSE(batch.results[1].outputs[0]);
  CHECK_FALSE(batch.results[1].actions[0]);
  CHECK(batch.results[2].outputs[0] == Values{4, 2});
}

TEST_CASE("a policy overrides the scores, forced actions leave the rest to them") {
  Branches net;
  net.builder.edge(net.a, net.y);
  net.builder.edge(net.b, net.y);
  net.builder.join(net.y, Join::last);
  const Program program = net.builder.finish();
  const Interpreter<float> interpreter(program, {});
  Options<float> options;
  options.policy = reference::forced_actions<float>(program, {1});
  CHECK(interpreter.run_sample({{5, 3}}, options).outputs[0] == Values{25, 9});
  options.policy = reference::forced_actions<float>(program, {std::nullopt});
  CHECK(interpreter.run_sample({{5, 3}}, options).actions[0] == 0u);
  options.policy = [](std::size_t row, NodeId, std::span<const float>) { return std::uint32_t(row); };
  const auto batch = interpreter.forward({{{5, 3}}, {{5, 3}}}, options);
  CHECK(batch.results[0].actions[0] == 0u);
  CHECK(batch.results[1].actions[0] == 1u);
}

TEST_CASE("batch norm in training sees the rows that execute its node, and moves by their share of the rows expected") {
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{2});
  const NodeId q = builder.control("Q");
  const NodeId n = builder.node("N");
  const NodeId y = builder.output("y");
  ops::Arguments norm;
  norm.set("eps", 1e-300);  // vanishes beside the variances below, so that values are exact
  norm.set("momentum", 0.5);
  builder.op(n, "batch_norm", norm);
  builder.edge(x, q);
  builder.edge(x, n);
  builder.edge(n, y);
  builder.action(q, "norm", {n});
  builder.action(q, "nothing", {});
  const Program program = builder.finish();
  const Interpreter<double> interpreter(program, {{1, 1}, {0, 0}, {10, 20}, {4, 9}});
  Options<double> options;
  options.mode = Mode::train;
  // Rows 0 and 2 execute N, row 1 does not.
  const Batch<double> batch = interpreter.forward({{{6, 2}}, {{1, 100}}, {{8, 4}}}, options);
  CHECK(batch.results[0].outputs[0] == std::vector<double>{-1, -1});
  CHECK_FALSE(batch.results[1].outputs[0]);
  CHECK(batch.results[2].outputs[0] == std::vector<double>{1, 1});
  const double momentum = 0.5 * 2 / 3;
  CHECK(batch.weights_after[2][0] == doctest::Approx(10 + momentum * (7 - 10)));
  CHECK(batch.weights_after[2][1] == doctest::Approx(20 + momentum * (3 - 20)));
  CHECK(batch.weights_after[3][0] == doctest::Approx(4 + momentum * (2 - 4)));
  CHECK(batch.weights_after[3][1] == doctest::Approx(9 + momentum * (2 - 9)));
  // One value per channel: the running statistics, unmoved.
  const Batch<double> alone = interpreter.forward({{{6, 2}}}, options);
  CHECK(alone.results[0].outputs[0] == std::vector<double>{-2, -6});
  CHECK(alone.weights_after[2] == std::vector<double>{10, 20});
  // More rows than expected never move them beyond what they saw.
  options.expected_rows = 0.1;
  CHECK(interpreter.forward({{{6, 2}}, {{8, 4}}}, options).weights_after[2][0] == doctest::Approx(7));
}

TEST_CASE("dropout keeps what the mask keeps, scaled, and only in training") {
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{4});
  const NodeId n = builder.node("N");
  const NodeId y = builder.output("y");
  ops::Arguments dropout;
  dropout.set("p", 0.25);
  builder.op(n, "dropout", dropout);
  builder.edge(x, n);
  builder.edge(n, y);
  const Program program = builder.finish();
  const Interpreter<double> interpreter(program, {});
  Options<double> options;
  CHECK(interpreter.run_sample({{3, 6, 9, 12}}, options).outputs[0] == std::vector<double>{3, 6, 9, 12});
  options.mode = Mode::train;
  options.uniform = [](NodeId, std::size_t, std::size_t row, std::size_t element) {
    return 0.25 * double(row + element) - 0.25;
  };
  const Batch<double> batch = interpreter.forward({{{3, 6, 9, 12}}, {{3, 6, 9, 12}}}, options);
  CHECK(batch.results[0].outputs[0] == std::vector<double>{0, 0, 12, 16});
  CHECK(batch.results[1].outputs[0] == std::vector<double>{0, 8, 12, 16});
  const auto gradients = interpreter.backward(batch, {{{{1, 1, 1, 1}}, {{1, 1, 1, 1}}}, {}});
  CHECK(gradients.inputs[0][0][0] == 0);
  CHECK(gradients.inputs[1][0][1] == doctest::Approx(1 / 0.75));
}
