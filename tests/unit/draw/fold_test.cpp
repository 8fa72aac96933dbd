// Long networks in rows.
#include "draw/fold.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "programs.h"

using namespace d2nn;

namespace {

std::uint32_t row_count(const draw::Drawn& network) {
  const auto rows = draw::fold_into_rows(network.program);
  return *std::max_element(rows.begin(), rows.end()) + 1;
}

}  // namespace

TEST_CASE("edges and actions lead to the right") {
  const draw::Drawn network = draw::chain(5);
  const auto steps = draw::steps(network.program);
  for (const graph::Edge& edge : network.program.edges) CHECK(steps[edge.source.index] < steps[edge.target.index]);
  for (std::size_t i = 0; i < network.program.nodes.size(); ++i) {
    for (const graph::Action& action : network.program.nodes[i].actions) {
      for (const graph::NodeId target : action.targets) CHECK(steps[i] < steps[target.index]);
    }
  }
}

TEST_CASE("an input stands just before its first reader") {
  const draw::Drawn network = draw::drawn(R"(
network n {
  input x: f32[2];
  input late: f32[2];
  node A { dense(2) }
  node B { dense(2) }
  output y: f32[2] join sum;
  x -> A -> B -> y;
  late -> y;
})");
  CHECK(draw::steps(network.program) == std::vector<std::uint32_t>{0, 2, 1, 2, 3});
}

TEST_CASE("a short network stays in one row") {
  CHECK(row_count(draw::small_network()) == 1);
  CHECK(row_count(draw::chain(4)) == 1);  // 4 * 3 steps and 4
}

TEST_CASE("a chain of 54 blocks is folded into rows of a readable length, cut between blocks") {
  const draw::Drawn network = draw::chain(54);
  const auto rows = draw::fold_into_rows(network.program);
  const auto steps = draw::steps(network.program);
  const std::uint32_t count = row_count(network);
  CHECK(count >= 8);
  CHECK(count <= 14);
  std::vector<std::uint32_t> least(count, ~0u);
  std::vector<std::uint32_t> greatest(count, 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    least[rows[i]] = std::min(least[rows[i]], steps[i]);
    greatest[rows[i]] = std::max(greatest[rows[i]], steps[i]);
  }
  for (std::uint32_t row = 0; row < count; ++row) CHECK(greatest[row] - least[row] < draw::longest_row);
  for (const graph::Edge& edge : network.program.edges) CHECK(rows[edge.source.index] <= rows[edge.target.index]);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const graph::Action& action : network.program.nodes[i].actions) {
      for (const graph::NodeId target : action.targets) CHECK(rows[i] == rows[target.index]);
    }
  }
}

TEST_CASE("a long plain chain is folded too") {
  std::string text = "network n { input x: f32[2]; output y: f32[2]; x";
  std::string nodes;
  for (int i = 0; i < 200; ++i) {
    nodes += " node A" + std::to_string(i) + " { relu }";
    text += " -> A" + std::to_string(i);
  }
  CHECK(row_count(draw::drawn(text + " -> y;" + nodes + " }")) >= 8);
}
