#include "paths/cost_diagrams.h"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

namespace d2nn::paths {
namespace {

std::uint64_t pair_key(std::uint32_t left, std::uint32_t right) {
  return (static_cast<std::uint64_t>(left) << 32) | right;
}

std::int64_t add_values(std::int64_t left, std::int64_t right) {
  if (left == CostDiagrams::no_path || right == CostDiagrams::no_path) return CostDiagrams::no_path;
  std::int64_t sum = 0;
  if (__builtin_add_overflow(left, right, &sum)) {
    return left > 0 ? CostDiagrams::no_path - 1 : std::numeric_limits<std::int64_t>::min();
  }
  return std::min(sum, CostDiagrams::no_path - 1);
}

std::int64_t lesser_value(std::int64_t left, std::int64_t right) {
  return std::min(left, right);
}

}  // namespace

std::size_t CostDiagrams::NodeHash::operator()(const Node& node) const {
  std::uint64_t hash = static_cast<std::uint64_t>(node.value);
  for (std::uint64_t part : {static_cast<std::uint64_t>(node.variable), pair_key(node.when_no, node.when_yes)}) {
    hash = (hash ^ part) * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 29;
  }
  return hash;
}

CostDiagrams::Function CostDiagrams::make(const Node& node) {
  if (node.variable != leaf && node.when_no == node.when_yes) return node.when_no;
  const auto [place, is_new] = index_of_.try_emplace(node, static_cast<Function>(nodes_.size()));
  if (is_new) {
    if (nodes_.size() >= node_limit_) throw CostDiagramsTooLarge();
    nodes_.push_back(node);
  }
  return place->second;
}

CostDiagrams::Function CostDiagrams::constant(std::int64_t value) {
  return make({leaf, 0, 0, value});
}

CostDiagrams::Function CostDiagrams::choose(const Predicate& predicate, std::int64_t value_if,
                                            std::int64_t value_else) {
  std::unordered_map<int, Function> memo;
  return choose(predicate, constant(value_if), constant(value_else), memo);
}

CostDiagrams::Function CostDiagrams::choose(const Predicate& predicate, Function value_if, Function value_else,
                                            std::unordered_map<int, Function>& memo) {
  if (predicate.is_always()) return value_if;
  if (predicate.is_never()) return value_else;
  if (const auto known = memo.find(predicate.key()); known != memo.end()) return known->second;
  const Function when_no = choose(predicate.when_no(), value_if, value_else, memo);
  const Function when_yes = choose(predicate.when_yes(), value_if, value_else, memo);
  return memo[predicate.key()] = make({predicate.variable(), when_no, when_yes, 0});
}

template <class Combine>
CostDiagrams::Function CostDiagrams::combine(Function left, Function right, Memo& memo, Combine combine_values) {
  const Node l = nodes_[left];
  const Node r = nodes_[right];
  if (l.variable == leaf && r.variable == leaf) return constant(combine_values(l.value, r.value));
  if (const auto known = memo.find(pair_key(left, right)); known != memo.end()) return known->second;
  const int top = std::min(l.variable, r.variable);
  const Function when_no =
      combine(l.variable == top ? l.when_no : left, r.variable == top ? r.when_no : right, memo, combine_values);
  const Function when_yes =
      combine(l.variable == top ? l.when_yes : left, r.variable == top ? r.when_yes : right, memo, combine_values);
  return memo[pair_key(left, right)] = make({top, when_no, when_yes, 0});
}

CostDiagrams::Function CostDiagrams::add(Function left, Function right) {
  Memo memo;
  return combine(left, right, memo, add_values);
}

CostDiagrams::Function CostDiagrams::subtract(Function left, Function right) {
  Memo memo;
  return combine(left, right, memo, [](std::int64_t from, std::int64_t value) { return from - value; });
}

CostDiagrams::Function CostDiagrams::minimum(Function left, Function right) {
  Memo memo;
  return combine(left, right, memo, lesser_value);
}

CostDiagrams::Function CostDiagrams::minimum_over(Function function, int variable) {
  Memo memo;
  Memo minimum_memo;
  return minimum_over(function, variable, memo, minimum_memo);
}

CostDiagrams::Function CostDiagrams::minimum_over(Function function, int variable, Memo& memo, Memo& minimum_memo) {
  const Node node = nodes_[function];
  if (node.variable > variable) return function;
  if (node.variable == variable) return combine(node.when_no, node.when_yes, minimum_memo, lesser_value);
  if (const auto known = memo.find(function); known != memo.end()) return known->second;
  const Function when_no = minimum_over(node.when_no, variable, memo, minimum_memo);
  const Function when_yes = minimum_over(node.when_yes, variable, memo, minimum_memo);
  return memo[function] = make({node.variable, when_no, when_yes, 0});
}

int CostDiagrams::last_variable(Function function) const {
  const std::vector<int> all = variables(function);
  return all.empty() ? -1 : all.back();
}

std::vector<int> CostDiagrams::variables(Function function) const {
  std::set<int> found;
  std::vector<Function> open{function};
  std::unordered_set<Function> seen{function};
  while (!open.empty()) {
    const Node& node = nodes_[open.back()];
    open.pop_back();
    if (node.variable == leaf) continue;
    found.insert(node.variable);
    for (Function next : {node.when_no, node.when_yes}) {
      if (seen.insert(next).second) open.push_back(next);
    }
  }
  return {found.begin(), found.end()};
}

std::int64_t CostDiagrams::value_at(Function function, const std::vector<bool>& values) const {
  while (nodes_[function].variable != leaf) {
    const Node& node = nodes_[function];
    function = values[static_cast<std::size_t>(node.variable)] ? node.when_yes : node.when_no;
  }
  return nodes_[function].value;
}

}  // namespace d2nn::paths
