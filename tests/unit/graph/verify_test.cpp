// Each rule of graph::verify sees the program that breaks it, and says where.
#include "graph/verify.h"

#include <doctest/doctest.h>

#include <functional>

#include "unit/graph/small_program.h"

using namespace d2nn;
using namespace d2nn::graph;

namespace {

/// The findings about a sound program after one change, joined.
std::string findings_after(const std::function<void(Program&)>& change) {
  Program program = two_way_program();
  change(program);
  std::string text;
  for (const std::string& finding : verify(program)) text += finding + "\n";
  return text;
}

void expect(const std::string& words, const std::function<void(Program&)>& change) {
  const std::string findings = findings_after(change);
  CAPTURE(findings);
  CAPTURE(words);
  CHECK(findings.find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("a sound program has no findings") {
  CHECK(verify(two_way_program()).empty());
  CHECK(verify(Program{}).empty());
}

TEST_CASE("ids that lead nowhere are found before anything follows them") {
  expect("an end is not a node", [](Program& p) { p.edges[0].source = {99}; });
  expect("feeds input 3", [](Program& p) { p.edges[0].target_input = 3; });
  expect("lists an edge that does not exist", [](Program& p) { p.nodes[1].inputs[0].edges[0] = {99}; });
  expect("outgoing edge that does not exist", [](Program& p) { p.nodes[0].outgoing[0] = {}; });
  expect("does not stand before it", [](Program& p) { p.nodes[1].ops[0].operands[0] = {1}; });
  expect("parameter that does not exist", [](Program& p) { p.nodes[1].ops[0].parameters[0] = {77}; });
  expect("its result is not one of its values", [](Program& p) { p.nodes[2].result = {}; });
  expect("target that does not exist", [](Program& p) { p.nodes[3].actions[0].targets[0] = {5}; });
  expect("an id that is no node", [](Program& p) { p.topological_order[0] = {5}; });
}

TEST_CASE("a training that does not hold together is found") {
  const auto train = [](const std::function<void(TrainSpec&)>& change) {
    return [change](Program& p) { change(p.train.emplace()); };
  };
  const RewardStep metric{RewardCode::metric, {}, 0};
  const RewardStep add{RewardCode::add, {}, 0};
  expect("a loss is of no output", train([](TrainSpec& t) { t.losses = {{NodeId{0}, LossKind::cross_entropy, 1}}; }));
  expect("an output has two losses", [](Program& p) {
    const NodeId output = nodes_of(p, NodeKind::output)[0];
    p.train.emplace().losses = {{output, LossKind::cross_entropy, 1}, {output, LossKind::cross_entropy, 1}};
  });
  expect("is no weight", [](Program& p) {
    p.train.emplace().losses = {{nodes_of(p, NodeKind::output)[0], LossKind::cross_entropy, -1}};
  });
  expect("lacks an operand", train([&](TrainSpec& t) { t.reward = {metric, add}; }));
  expect("is not one number", train([&](TrainSpec& t) { t.reward = {metric, metric}; }));
  expect("is too deep", train([&](TrainSpec& t) { t.reward.assign(max_reward_depth + 1, metric); }));
  expect("reads what is no output", train([](TrainSpec& t) { t.reward = {{RewardCode::metric, NodeId{99}, 0}}; }));
  expect("is not finite", train([](TrainSpec& t) { t.reward = {{RewardCode::number, {}, 1.0 / 0.0}}; }));
}

TEST_CASE("fields that do not suit the kind of a node are found") {
  expect("the name is used twice", [](Program& p) { p.nodes[1].name = "x"; });
  expect("only outputs are required", [](Program& p) { p.nodes[1].is_required = true; });
  expect("only dummies have a value", [](Program& p) { p.nodes[0].dummy_value = {1}; });
  expect("its value has 0 elements", [](Program& p) { p.nodes[0].kind = NodeKind::dummy; });
  expect("only control nodes have actions", [](Program& p) { p.nodes[3].kind = NodeKind::regular; });
  expect("has no input", [](Program& p) {
    p.nodes.emplace_back().kind = NodeKind::output;
    p.nodes.back().shape = {1};
  });
  expect("the shape f32[] is not representable", [](Program& p) { p.nodes[1].ops[0].shape = {}; });
  expect("the shape f32[0] is not representable", [](Program& p) { p.nodes[1].inputs[0].shape = {0}; });
  expect("but it carries f32[9]", [](Program& p) { p.nodes[4].shape = {8}; });
}

TEST_CASE("shapes, costs and parameters must be the op table's") {
  expect("is not its layer's", [](Program& p) { p.nodes[1].ops[0].shape = {3}; });
  expect("its cost is not its layer's", [](Program& p) { p.nodes[1].ops[0].cost = 21; });
  expect("not the sum of its ops' costs", [](Program& p) { p.nodes[1].cost = 19; });
  expect("has 1 parameters, its layer says 2", [](Program& p) { p.nodes[1].ops[0].parameters.pop_back(); });
  expect("parameter `left.dense1.bias` is not its layer's", [](Program& p) { p.parameters[1].is_trained = false; });
  expect("the name is used twice", [](Program& p) { p.parameters[0].name = p.parameters[1].name; });
  expect("its fan-in is below 1", [](Program& p) { p.parameters[0].fan_in = 0; });
}

TEST_CASE("joins, edges and default values must fit") {
  expect("2 edges and join none", [](Program& p) { p.nodes[4].inputs[0].join = Join::none; });
  expect("not the join of its edges", [](Program& p) { p.nodes[4].inputs[0].join = Join::sum; });
  expect("is not listed once at each end", [](Program& p) { p.nodes[0].outgoing.pop_back(); });
  expect("its default has 2 elements", [](Program& p) { p.edges[3].fallback = {0, 0}; });
}

TEST_CASE("control nodes must have scores for their actions and no data edges") {
  expect("3 actions and 2 scores", [](Program& p) { p.nodes[3].actions.push_back({"third", {}, {}}); });
  expect("at least two actions", [](Program& p) { p.nodes[3].actions.pop_back(); });
  expect("is declared twice", [](Program& p) { p.nodes[3].actions[1].name = "go"; });
  expect("targets the output `y`", [](Program& p) { p.nodes[3].actions[0].targets[0] = {4}; });
}

TEST_CASE("the topological order must hold every node once, behind what it needs") {
  expect("is missing", [](Program& p) { p.topological_order.pop_back(); });
  expect("holds a node twice", [](Program& p) { p.topological_order.push_back({0}); });
  expect("before its source", [](Program& p) { std::swap(p.topological_order[0], p.topological_order[1]); });
  expect("before its control node", [](Program& p) { std::swap(p.topological_order[1], p.topological_order[2]); });
}
