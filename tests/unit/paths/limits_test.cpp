// Limits: what the parts of the room do when diagrams outgrow them. An error of BuDDy must never look like a proof.
#include <doctest/doctest.h>

#include <cmath>
#include <thread>

#include "paths/costs.h"
#include "paths/paths.h"
#include "paths/witness.h"
#include "reference/program_builder.h"

using namespace d2nn;
using graph::NodeId;
using graph::Program;
using paths::Conditions;
using paths::DiagramError;
using paths::DiagramSession;
using paths::Predicate;
using reference::dense_attrs;
using reference::ProgramBuilder;

namespace {

/// Independent control nodes, each over one node with its own power of two as cost: no two paths cost the same, and the
/// output needs all nodes.
Program independent_controls(int count) {
  ProgramBuilder builder;
  const NodeId x = builder.input("x", ops::Shape{1});
  const NodeId y = builder.output("y");
  std::vector<NodeId> nodes;
  for (int i = 0; i < count; ++i) {
    const NodeId q = builder.control("Q" + std::to_string(i));
    builder.op(q, "dense", dense_attrs(2));
    nodes.push_back(builder.node("N" + std::to_string(i)));
    builder.edge(x, q);
    builder.edge(x, nodes.back());
    builder.edge(nodes.back(), y);
    builder.action(q, "take", {nodes.back()});
    builder.action(q, "leave", {});
  }
  builder.join(y, graph::Join::sum);
  Program program = builder.finish();
  for (int i = 0; i < count; ++i) program[nodes[static_cast<std::size_t>(i)]].cost = std::int64_t{1} << i;
  return program;
}

}  // namespace

TEST_CASE("costs become bounds, and say so, when the cost diagrams outgrow their limit") {
  const Program program = independent_controls(10);
  const DiagramSession session(10, 100000);
  const Conditions conditions = make_conditions(program, session);
  const paths::CostRange exact = cost_range(program, conditions, 100000);
  CHECK(exact.is_exact);
  CHECK(exact.least == 20);
  CHECK(exact.greatest == 20 + 1023);
  const paths::CostRange bounds = cost_range(program, conditions, 5);
  CHECK_FALSE(bounds.is_exact);
  CHECK(bounds.least_path.empty());
  CHECK(bounds.least == 20);
  CHECK(bounds.greatest == 20 + 1023);
}

TEST_CASE("a witness stays a witness when the exact search meets its limit") {
  const Program program = independent_controls(6);
  const DiagramSession session(6, 100000);
  const Conditions conditions = make_conditions(program, session);
  const NodeId y = graph::nodes_of(program, graph::NodeKind::output)[0];
  const auto witness = shortest_witness(!conditions.executes[y.index], conditions, session, 1);
  REQUIRE(witness);
  CHECK(witness->size() == 1);
  CHECK(witness->front().second == 1);
  CHECK_FALSE(shortest_witness(session.never(), conditions, session, 1));
}

TEST_CASE("diagrams beyond the limit raise an error instead of turning into never, and the session stays usable") {
  // Pairs (i, i + k) in this order need 2^k nodes.
  constexpr int k = 16;
  const DiagramSession session(2 * k, 20000);
  Predicate equal = session.always();
  bool failed = false;
  try {
    for (int i = 0; i < k; ++i) {
      const Predicate left = session.variable(i);
      const Predicate right = session.variable(i + k);
      equal = equal & ((left & right) | ((!left) & (!right)));
      REQUIRE_FALSE(equal.is_never());
    }
  } catch (const DiagramError& error) {
    failed = true;
    CHECK(std::string(error.what()) == "the decision diagrams outgrew their limit");
  }
  CHECK(failed);
  CHECK_FALSE((session.variable(0) & session.variable(1)).is_never());
  CHECK((session.variable(0) & !session.variable(0)).is_never());
}

TEST_CASE("a session can follow a failed one") {
  {
    const DiagramSession session(3, 10000);
  }
  const DiagramSession session(2, 10000);
  CHECK((session.variable(0) | !session.variable(0)).is_always());
  CHECK(session.exists(session.variable(0) & session.variable(1), std::vector<int>{0}) == session.variable(1));
  CHECK(session.for_all(session.variable(0) | session.variable(1), std::vector<int>{0}) == session.variable(1));
}

TEST_CASE("analyses from several threads take turns and agree") {
  std::vector<std::string> counts(6);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    threads.emplace_back([&counts, i] { counts[i] = paths::analyse(independent_controls(8)).path_count; });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& count : counts) CHECK(count == "256");
}

namespace {

/// N_i executes when both P_i and Q_i say so. In the order P_0 P_1 .. Q_0 Q_1 .. that all pairs have something to do
/// with each other needs 2^count nodes. `decides`: a control node R_i reads each, else y takes the last.
struct Pairs {
  ProgramBuilder builder;
  NodeId y;

  Pairs(int count, bool decides) {
    const NodeId x = builder.input("x", ops::Shape{1});
    std::vector<NodeId> controls;
    for (int i = 0; i < 2 * count; ++i) {
      controls.push_back(builder.control((i < count ? "P" : "Q") + std::to_string(i % count)));
      builder.op(controls.back(), "dense", dense_attrs(2));
      builder.edge(x, controls.back());
    }
    if (!decides) y = builder.output("y");
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      const NodeId first = builder.node("M" + number);
      const NodeId second = builder.node("N" + number);
      builder.edge(x, first);
      builder.edge(first, second);
      for (const auto& [control, target] : {std::pair{controls[static_cast<std::size_t>(i)], first},
                                            std::pair{controls[static_cast<std::size_t>(i + count)], second}}) {
        builder.action(control, "take", {target});
        builder.action(control, "leave", {});
      }
      if (!decides) {
        builder.edge(second, y);
        continue;
      }
      const NodeId then = builder.control("R" + number);
      const NodeId last = builder.node("L" + number);
      builder.op(then, "dense", dense_attrs(2));
      builder.edge(second, then);
      builder.edge(second, last);
      builder.edge(last, builder.output("z" + number));
      builder.action(then, "take", {last});
      builder.action(then, "leave", {});
    }
    if (!decides) builder.join(y, graph::Join::last);
  }
};

}  // namespace

TEST_CASE("decisions that meet in pairs are analysed though the control nodes are declared far from each other") {
  constexpr int count = 22;
  Pairs pairs(count, false);
  const paths::Analysis analysis = paths::analyse(pairs.builder.finish());
  CHECK(analysis.gave_up.empty());
  CHECK(analysis.path_count == std::to_string(1ull << (2 * count)));
  REQUIRE(analysis.null_outputs.size() == 1);
  CHECK(analysis.null_outputs[0].decisions.size() == count);
  CHECK(analysis.execution_probability[pairs.y.index] == doctest::Approx(1 - std::pow(0.75, count)));
}

TEST_CASE("paths are counted in another order where only their number is too hard in the first") {
  // Each triple has two paths where both say yes and three elsewhere.
  constexpr int count = 22;
  const paths::Analysis analysis = paths::analyse(Pairs(count, true).builder.finish());
  CHECK(analysis.not_counted.empty());
  CHECK(analysis.costs_are_exact);
  std::uint64_t expected = 1;
  for (int i = 0; i < count; ++i) expected *= 5;
  CHECK(analysis.path_count == std::to_string(expected));
}
