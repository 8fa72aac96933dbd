// Topological order and cycles of a directed graph given as lists of successors; used for nodes and for constants.
#pragma once

#include <cstdint>
#include <vector>

namespace d2nn::sema {

struct Order {
  /// Every vertex that is not on a cycle or reachable from one: sources first, ties by number.
  std::vector<std::uint32_t> sorted;
  /// Disjoint cycles, each from its lowest vertex along the edges; a few of them when there are many. Empty: none.
  std::vector<std::vector<std::uint32_t>> cycles;
};

/// Kahn's algorithm. successors[v] may name a vertex more than once. No recursion: graphs may be long chains.
Order topological_order(const std::vector<std::vector<std::uint32_t>>& successors);

}  // namespace d2nn::sema
