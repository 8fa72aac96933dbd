// Topological orders and cycles, long and many.
#include "sema/order.h"

#include <doctest/doctest.h>

using d2nn::sema::Order;
using d2nn::sema::topological_order;
using Vertices = std::vector<std::uint32_t>;

TEST_CASE("sources come first, ties by number") {
  const Order order = topological_order({{3}, {3}, {0, 1}, {}, {}});
  CHECK(order.sorted == Vertices{2, 0, 1, 3, 4});
  CHECK(order.cycles.empty());
}

TEST_CASE("an edge given twice counts twice and vanishes twice") {
  CHECK(topological_order({{1, 1}, {}}).sorted == Vertices{0, 1});
}

TEST_CASE("a cycle is given from its lowest vertex along the edges, and what lies behind it is left out") {
  const Order order = topological_order({{2}, {3}, {4}, {}, {1, 2}});
  REQUIRE(order.cycles.size() == 1);
  CHECK(order.cycles[0] == Vertices{2, 4});
  CHECK(order.sorted == Vertices{0});
}

TEST_CASE("disjoint cycles are all found, self-edges too") {
  const Order order = topological_order({{1}, {0}, {2}, {4}, {5}, {3}});
  REQUIRE(order.cycles.size() == 3);
  CHECK(order.cycles[0] == Vertices{0, 1});
  CHECK(order.cycles[1] == Vertices{2});
  CHECK(order.cycles[2] == Vertices{3, 4, 5});
}

TEST_CASE("a long chain needs no recursion, and of very many cycles a few are given") {
  constexpr std::uint32_t count = 200000;
  std::vector<Vertices> chain(count), loops(count);
  for (std::uint32_t v = 0; v + 1 < count; ++v) chain[v] = {v + 1};
  for (std::uint32_t v = 0; v < count; ++v) loops[v] = {v};
  CHECK(topological_order(chain).sorted.size() == count);
  CHECK(topological_order(loops).cycles.size() == 20);
}
