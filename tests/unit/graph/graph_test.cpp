// Questions about a program, and its text.
#include "graph/graph.h"

#include <doctest/doctest.h>

#include "graph/print.h"
#include "unit/graph/small_program.h"

using namespace d2nn;
using graph::NodeId;
using graph::NodeKind;

TEST_CASE("nodes of a kind come in order of declaration") {
  const graph::Program program = graph::two_way_program();
  CHECK(nodes_of(program, NodeKind::regular) == std::vector<NodeId>{{1}, {2}});
  CHECK(nodes_of(program, NodeKind::control) == std::vector<NodeId>{{3}});
  CHECK(nodes_of(program, NodeKind::dummy).empty());
}

TEST_CASE("activations list the actions that reach each node") {
  const auto reaching = graph::activations(graph::two_way_program());
  CHECK(reaching[0].empty());
  REQUIRE(reaching[1].size() == 1);
  CHECK(reaching[1][0].control == NodeId{3});
  CHECK(reaching[1][0].action == 0);
  REQUIRE(reaching[2].size() == 1);
  CHECK(reaching[2][0].action == 1);
}

TEST_CASE("a path costs what its executed nodes cost") {
  const graph::Program program = graph::two_way_program();
  CHECK(path_cost(program, {true, true, false, true, true}) == 20 + 10);
  CHECK(path_cost(program, {true, false, true, true, true}) == 10);
  CHECK(path_cost(program, std::vector<bool>(5)) == 0);
}

TEST_CASE("values of a node are its inputs, then its ops") {
  const graph::Program program = graph::two_way_program();
  CHECK(value_shape(program[NodeId{1}], {0}) == ops::Shape{5});
  CHECK(value_shape(program[NodeId{1}], {1}) == ops::Shape{4});
}

TEST_CASE("a program prints one block per node") {
  CHECK(graph::print(graph::two_way_program()) ==
        "network two_way\n"
        "  units = 4\n"
        "input x: f32[5]\n"
        "node left: f32[4], cost 20\n"
        "  %0 = x: f32[5]\n"
        "  %1 = dense(4) %0: f32[4], cost 20\n"
        "      left.dense1.weight [4, 5]\n"
        "      left.dense1.bias [4]\n"
        "node right: f32[5], cost 0\n"
        "  %0 = x: f32[5]\n"
        "control Q: f32[2], cost 10\n"
        "  %0 = x: f32[5]\n"
        "  %1 = dense(2, bias: false) %0: f32[2], cost 10\n"
        "      Q.dense1.weight [2, 5]\n"
        "  ~> go: left\n"
        "  ~> stay: right\n"
        "output y: f32[9]\n"
        "  %0 = left default 0.5, right join concat: f32[9]\n"
        "order x Q left right y\n");
}
