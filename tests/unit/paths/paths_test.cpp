// Hand-built programs whose paths, null edges and costs can be counted on one's fingers, and one that cannot be
// enumerated.
#include "paths/paths.h"

#include <doctest/doctest.h>

#include <chrono>

#include "reference/program_builder.h"

using d2nn::graph::Join;
using d2nn::graph::NodeId;
using d2nn::graph::Program;
using d2nn::ops::Shape;
using d2nn::paths::analyse;
using d2nn::paths::Analysis;
using d2nn::paths::Decisions;
using d2nn::reference::dense_attrs;
using d2nn::reference::ProgramBuilder;

namespace {

/// x -> Q, N2, N3; N2, N3 -> y; Q ~> a: N2, b: N3. Costs: Q 4, N2 6, N3 0 + nothing.
struct TwoBranches {
  ProgramBuilder builder;
  NodeId x, q, n2, n3, y;

  TwoBranches() {
    x = builder.input("x", Shape{2});
    q = builder.control("Q");
    n2 = builder.node("N2");
    n3 = builder.node("N3");
    y = builder.output("y");
    builder.op(q, "dense", dense_attrs(2));
    builder.op(n2, "dense", dense_attrs(3));
    builder.op(n2, "dense", dense_attrs(2));
    builder.op(n3, "relu");
    builder.edge(x, q);
    builder.edge(x, n2);
    builder.edge(x, n3);
    builder.action(q, "a", {n2});
    builder.action(q, "b", {n3});
  }
};

std::vector<std::pair<NodeId, std::uint32_t>> list(std::initializer_list<std::pair<NodeId, std::uint32_t>> items) {
  return items;
}

}  // namespace

TEST_CASE("a program without control nodes has one path") {
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{3});
  const NodeId n = builder.node("N");
  const NodeId y = builder.output("y");
  builder.op(n, "dense", dense_attrs(5));
  builder.edge(x, n);
  builder.edge(n, y);
  const Analysis analysis = analyse(builder.finish());
  CHECK(analysis.gave_up.empty());
  CHECK(analysis.path_count == "1");
  REQUIRE(analysis.paths);
  REQUIRE(analysis.paths->size() == 1);
  CHECK(analysis.paths->front().executed == std::vector<NodeId>{n});
  CHECK(analysis.least_cost == 15);
  CHECK(analysis.greatest_cost == 15);
  CHECK(analysis.null_outputs.empty());
}

TEST_CASE("one control node and a dummy: the dummy stands in when the branch is not taken") {
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{2});
  const NodeId d = builder.dummy("D", Shape{2}, {0.5f});
  const NodeId q = builder.control("Q");
  const NodeId n = builder.node("N");
  const NodeId y = builder.output("y");
  builder.op(q, "dense", dense_attrs(2));
  builder.op(n, "dense", dense_attrs(2));
  builder.edge(x, q);
  builder.edge(x, n);
  const auto from_n = builder.edge(n, y);
  const auto from_d = builder.edge(d, y);
  builder.join(y, Join::first);
  builder.action(q, "run", {n});
  builder.action(q, "skip", {d});
  const Analysis analysis = analyse(builder.finish());
  CHECK(analysis.path_count == "2");
  CHECK(analysis.edge_can_be_null[from_n.index]);
  CHECK(analysis.edge_can_be_null[from_d.index]);
  CHECK(analysis.source_can_be_skipped[from_d.index]);
  CHECK(analysis.null_outputs.empty());
  CHECK(analysis.least_cost == 4);
  CHECK(analysis.greatest_cost == 8);
  REQUIRE(analysis.paths);
  CHECK((*analysis.paths)[0].executed == std::vector<NodeId>{q, n});
  CHECK((*analysis.paths)[1].executed == std::vector<NodeId>{q});
}

TEST_CASE("Q over N2 and N3 with defaults never leaves the output null") {
  TwoBranches net;
  net.builder.edge(net.n2, net.y, std::vector<float>{0});
  const auto from_n3 = net.builder.edge(net.n3, net.y, std::vector<float>{0, 1});
  net.builder.join(net.y, Join::sum);
  const Analysis analysis = analyse(net.builder.finish());
  CHECK(analysis.null_outputs.empty());
  CHECK_FALSE(analysis.edge_can_be_null[from_n3.index]);
  CHECK(analysis.source_can_be_skipped[from_n3.index]);
  CHECK_FALSE(analysis.source_can_be_skipped[0]);
  CHECK(analysis.least_cost == 4);
  CHECK(analysis.greatest_cost == 16);
}

TEST_CASE("Q over N2 and N3 with null and a sum leaves the output null on every path") {
  TwoBranches net;
  net.builder.edge(net.n2, net.y);
  net.builder.edge(net.n3, net.y);
  net.builder.join(net.y, Join::sum);
  const NodeId y = net.y;
  const Analysis analysis = analyse(net.builder.finish());
  REQUIRE(analysis.null_outputs.size() == 1);
  CHECK(analysis.null_outputs[0].output == y);
  CHECK(analysis.null_outputs[0].decisions.empty());
  CHECK(analysis.never_executes[y.index]);
}

TEST_CASE("an output of one branch only is null when the other action is taken") {
  TwoBranches net;
  const auto from_n2 = net.builder.edge(net.n2, net.y);
  const NodeId other = net.builder.output("other");
  net.builder.edge(net.n3, other);
  const auto [q, y] = std::pair{net.q, net.y};
  const Analysis analysis = analyse(net.builder.finish());
  CHECK(analysis.edge_can_be_null[from_n2.index]);
  REQUIRE(analysis.null_outputs.size() == 2);
  CHECK(analysis.null_outputs[0].output == y);
  CHECK(analysis.null_outputs[0].decisions == list({{q, 1}}));
  CHECK(analysis.null_outputs[1].decisions == list({{q, 0}}));
  REQUIRE(analysis.paths);
  CHECK((*analysis.paths)[1].null_outputs == std::vector<NodeId>{y});
  CHECK_FALSE(analysis.never_executes[y.index]);
}

TEST_CASE("first and last joins are null only when all their edges are") {
  for (const Join join : {Join::first, Join::last}) {
    TwoBranches net;
    net.builder.edge(net.n2, net.y);
    net.builder.edge(net.n3, net.y);
    net.builder.join(net.y, join);
    CHECK(analyse(net.builder.finish()).null_outputs.empty());
  }
}

TEST_CASE("an action on nothing and an action on a set") {
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{2});
  const NodeId q = builder.control("Q");
  const NodeId a = builder.node("A");
  const NodeId b = builder.node("B");
  const NodeId y = builder.output("y");
  builder.op(q, "dense", dense_attrs(3));
  builder.op(a, "dense", dense_attrs(2));
  builder.op(b, "dense", dense_attrs(2));
  for (const NodeId target : {q, a, b}) builder.edge(x, target);
  builder.edge(a, y);
  builder.edge(b, y);
  builder.join(y, Join::sum);
  builder.action(q, "both", {a, b});
  builder.action(q, "one", {b});
  builder.action(q, "stop", {});
  const Analysis analysis = analyse(builder.finish());
  CHECK(analysis.path_count == "3");
  REQUIRE(analysis.paths);
  CHECK((*analysis.paths)[0].cost == 14);
  CHECK((*analysis.paths)[1].cost == 10);
  CHECK((*analysis.paths)[2].cost == 6);
  CHECK(analysis.least_cost == 6);
  CHECK(analysis.greatest_cost == 14);
  REQUIRE(analysis.null_outputs.size() == 1);
  CHECK(analysis.null_outputs[0].decisions == list({{q, 1}}));
}

TEST_CASE("a control node that another one skips decides nothing, and its paths are counted once") {
  // Q1 ~> go: A, stop: none; A -> Q2, which has five actions; three bits, of which three codes mean nothing.
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{2});
  const NodeId q1 = builder.control("Q1");
  const NodeId a = builder.node("A");
  const NodeId q2 = builder.control("Q2");
  const NodeId b = builder.node("B");
  const NodeId y = builder.output("y");
  builder.op(q1, "dense", dense_attrs(2));
  builder.op(q2, "dense", dense_attrs(5));
  builder.edge(x, q1);
  builder.edge(x, a);
  builder.edge(a, q2);
  builder.edge(x, b);
  builder.edge(b, y);
  builder.action(q1, "go", {a});
  builder.action(q1, "stop", {});
  builder.action(q2, "b", {b});
  for (int i = 1; i < 5; ++i) builder.action(q2, "stop" + std::to_string(i), {});
  const Analysis analysis = analyse(builder.finish());
  CHECK(analysis.path_count == "6");
  REQUIRE(analysis.paths);
  REQUIRE(analysis.paths->size() == 6);
  for (std::uint32_t action = 0; action < 5; ++action)
    CHECK((*analysis.paths)[action].decisions == Decisions{0, action});
  CHECK((*analysis.paths)[5].decisions == Decisions{1, std::nullopt});
  REQUIRE(analysis.null_outputs.size() == 1);
  CHECK(analysis.null_outputs[0].decisions == list({{q1, 1}}));
}

TEST_CASE("a node behind a join that cannot be complete never executes") {
  TwoBranches net;
  const NodeId never = net.builder.node("Never");
  net.builder.edge(net.n2, never);
  net.builder.edge(net.n3, never);
  net.builder.join(never, Join::mean);
  net.builder.edge(never, net.y);
  const Program program = net.builder.finish();
  const Analysis analysis = analyse(program);
  CHECK(analysis.never_executes[never.index]);
  CHECK_FALSE(analysis.never_executes[net.n2.index]);
  CHECK_FALSE(analysis.never_executes[net.x.index]);
}

namespace {

/// N0 -> (Q1 ~> take: N1, leave: none), each link's result the first of N_i and what came before.
Program chain(int links) {
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{2});
  NodeId before = builder.node("N0");
  builder.op(before, "dense", dense_attrs(2));
  builder.edge(x, before);
  for (int i = 1; i <= links; ++i) {
    const std::string number = std::to_string(i);
    const NodeId q = builder.control("Q" + number);
    const NodeId n = builder.node("N" + number);
    const NodeId meet = builder.node("M" + number);
    builder.op(q, "dense", dense_attrs(2, false));
    builder.op(n, "dense", dense_attrs(2));
    builder.edge(before, q);
    builder.edge(before, n);
    builder.edge(n, meet);
    builder.edge(before, meet);
    builder.join(meet, Join::first);
    builder.action(q, "take", {n});
    builder.action(q, "leave", {});
    before = meet;
  }
  const NodeId y = builder.output("y");
  builder.edge(before, y);
  return builder.finish();
}

}  // namespace

TEST_CASE("a chain of 54 links that can be skipped has 2^54 paths and is analysed at once") {
  const Program program = chain(54);
  const auto begin = std::chrono::steady_clock::now();
  const Analysis analysis = analyse(program);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  CHECK(analysis.gave_up.empty());
  CHECK(analysis.path_count == "18014398509481984");
  CHECK_FALSE(analysis.paths);
  CHECK(analysis.costs_are_exact);
  CHECK(analysis.least_cost == 4 + 54 * 4);
  CHECK(analysis.greatest_cost == 4 + 54 * 8);
  CHECK(analysis.null_outputs.empty());
  CHECK(seconds.count() < 1.0);
}

TEST_CASE("a cascade of 200 early exits has 201 paths, all listed, and counts stay exact far beyond 64 bits") {
  // Q_i ~> go: N_i, exit: none; N_i feeds Q_{i+1}.
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{2});
  const NodeId y = builder.output("y");
  NodeId before = builder.node("N0");
  builder.edge(x, before);
  builder.edge(before, y);
  for (int i = 1; i <= 200; ++i) {
    const NodeId q = builder.control("Q" + std::to_string(i));
    const NodeId n = builder.node("N" + std::to_string(i));
    builder.op(q, "dense", dense_attrs(2, false));
    builder.edge(before, q);
    builder.edge(before, n);
    builder.edge(n, y);
    builder.action(q, "go", {n});
    builder.action(q, "exit", {});
    before = n;
  }
  builder.join(y, Join::last);
  const Analysis cascade = analyse(builder.finish());
  CHECK(cascade.path_count == "201");
  REQUIRE(cascade.paths);
  CHECK(cascade.paths->size() == 201);
  CHECK(cascade.least_cost == 4);
  CHECK(cascade.greatest_cost == 800);
  CHECK(analyse(chain(200)).path_count == "1606938044258990275541962092341162602522202993782792835301376");
}

TEST_CASE("a witness names every decision that it needs and no other") {
  // The output is null only when all of 30 branches leave, out of 31 control nodes; the last one does not matter.
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{2});
  const NodeId y = builder.output("y");
  std::vector<std::pair<NodeId, std::uint32_t>> expected;
  for (int i = 0; i < 31; ++i) {
    const NodeId q = builder.control("Q" + std::to_string(i));
    const NodeId n = builder.node("N" + std::to_string(i));
    builder.op(q, "dense", dense_attrs(2));
    builder.edge(x, q);
    builder.edge(x, n);
    builder.action(q, "take", {n});
    builder.action(q, "leave", {});
    if (i == 30) {
      builder.edge(n, builder.output("z"));
    } else {
      builder.edge(n, y);
      expected.emplace_back(q, 1);
    }
  }
  builder.join(y, Join::last);
  const Analysis analysis = analyse(builder.finish());
  REQUIRE(analysis.null_outputs.size() == 2);
  CHECK(analysis.null_outputs[0].decisions == expected);
  CHECK(analysis.null_outputs[1].decisions.size() == 1);
}
