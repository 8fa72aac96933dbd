// Kahn's algorithm with a heap, so that the order does not depend on how edges were inserted.
#include "sema/order.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace d2nn::sema {
namespace {

using Graph = std::vector<std::vector<std::uint32_t>>;

constexpr std::uint32_t nothing = ~0u;

/// The vertices that come off when those without remaining predecessors are taken away, lowest first.
std::vector<std::uint32_t> peel(const Graph& successors, const std::vector<bool>& is_gone) {
  std::vector<std::uint32_t> waiting(successors.size(), 0);
  for (std::uint32_t v = 0; v < successors.size(); ++v) {
    if (is_gone[v]) continue;
    for (std::uint32_t next : successors[v]) ++waiting[next];
  }
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
  for (std::uint32_t v = 0; v < successors.size(); ++v) {
    if (!is_gone[v] && waiting[v] == 0) ready.push(v);
  }
  std::vector<std::uint32_t> sorted;
  while (!ready.empty()) {
    const std::uint32_t v = ready.top();
    ready.pop();
    sorted.push_back(v);
    for (std::uint32_t next : successors[v]) {
      if (--waiting[next] == 0 && !is_gone[next]) ready.push(next);
    }
  }
  return sorted;
}

/// Every vertex that is left has a predecessor that is left: walking backwards must meet a vertex twice.
std::vector<std::uint32_t> find_cycle(const Graph& successors, const std::vector<bool>& is_gone, std::uint32_t start) {
  std::vector<std::uint32_t> predecessor(successors.size(), nothing);
  for (std::uint32_t v = 0; v < successors.size(); ++v) {
    if (is_gone[v]) continue;
    for (std::uint32_t next : successors[v]) {
      if (predecessor[next] == nothing) predecessor[next] = v;
    }
  }
  std::vector<bool> is_seen(successors.size());
  while (!is_seen[start]) {
    is_seen[start] = true;
    start = predecessor[start];
  }
  std::vector<std::uint32_t> cycle{start};
  for (std::uint32_t v = predecessor[start]; v != start; v = predecessor[v]) cycle.push_back(v);
  std::reverse(cycle.begin(), cycle.end());
  std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
  return cycle;
}

}  // namespace

Order topological_order(const Graph& successors) {
  constexpr std::size_t most_cycles = 20;  // each costs a walk over the graph, and no more are shown
  std::vector<bool> is_gone(successors.size());
  Order order;
  order.sorted = peel(successors, is_gone);
  std::vector<std::uint32_t> peeled = order.sorted;
  while (true) {
    for (std::uint32_t v : peeled) is_gone[v] = true;
    const auto left = std::find(is_gone.begin(), is_gone.end(), false);
    if (left == is_gone.end() || order.cycles.size() == most_cycles) return order;
    const auto start = static_cast<std::uint32_t>(left - is_gone.begin());
    order.cycles.push_back(find_cycle(successors, is_gone, start));
    for (std::uint32_t v : order.cycles.back()) is_gone[v] = true;
    peeled = peel(successors, is_gone);
  }
}

}  // namespace d2nn::sema
