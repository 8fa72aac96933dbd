// Least and greatest cost of a program's paths. The cost of a path is a sum of one term per node, so the variables can
// be eliminated one by one: all terms that depend on one are added up and minimised over it. Exact as long as the sums
// stay small diagrams, which they do for chains and trees of decisions whatever the number of paths. Going back through
// the eliminated variables, each takes the value that reached the minimum: the path of that cost.
#pragma once

#include <cstdint>
#include <vector>

#include "paths/predicates.h"

namespace d2nn::paths {

struct CostRange {
  std::int64_t least = 0;
  std::int64_t greatest = 0;
  bool is_exact = true;  // false: least is at most, greatest at least the true one
  /// By variable, of a path of that cost; empty unless exact.
  std::vector<bool> least_path;
  std::vector<bool> greatest_path;
};

/// `node_limit` bounds the size of the cost diagrams; beyond it the range is made of bounds.
CostRange cost_range(const graph::Program& program, const Conditions& conditions, std::size_t node_limit);

}  // namespace d2nn::paths
