// Decision diagrams whose leaves are costs, for the exact least and greatest cost: BuDDy has none. Functions of the
// same variables as the predicates, as hash-consed nodes; only what eliminating variables needs: sum, difference,
// minimum, minimum over a variable.
#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <unordered_map>
#include <vector>

#include "paths/diagrams.h"

namespace d2nn::paths {

/// The diagrams outgrew their limit; the caller falls back to bounds.
class CostDiagramsTooLarge : public std::runtime_error {
 public:
  CostDiagramsTooLarge() : std::runtime_error("the cost diagrams outgrew their limit") {}
};

class CostDiagrams {
 public:
  /// A function, by the index of its top node. Equal functions are equal.
  using Function = std::uint32_t;
  /// For assignments that shall not count: absorbs whatever is added to it.
  static constexpr std::int64_t no_path = std::numeric_limits<std::int64_t>::max();

  explicit CostDiagrams(std::size_t node_limit) : node_limit_(node_limit) {}

  Function constant(std::int64_t value);
  /// `value_if` where the predicate holds, `value_else` elsewhere.
  Function choose(const Predicate& predicate, std::int64_t value_if, std::int64_t value_else);
  /// Pointwise. Sums saturate just below no_path.
  Function add(Function left, Function right);
  Function subtract(Function left, Function right);
  Function minimum(Function left, Function right);
  /// The lesser of the values where the variable is no and yes.
  Function minimum_over(Function function, int variable);
  /// The last variable in the order that the function depends on; -1 for a constant.
  int last_variable(Function function) const;
  /// The variables that the function depends on, in their order.
  std::vector<int> variables(Function function) const;
  /// The value where variable v is values[v]; the values must reach to the last variable the function depends on.
  std::int64_t value_at(Function function, const std::vector<bool>& values) const;
  /// The value of a function that depends on no variable.
  std::int64_t value(Function function) const { return nodes_[function].value; }

  /// The top of a function: nothing but a value, or a variable and what is left when it is no or yes.
  bool is_constant(Function function) const { return nodes_[function].variable == leaf; }
  int variable(Function function) const { return nodes_[function].variable; }
  Function when_no(Function function) const { return nodes_[function].when_no; }
  Function when_yes(Function function) const { return nodes_[function].when_yes; }

 private:
  static constexpr int leaf = std::numeric_limits<int>::max();  // behind every variable
  struct Node {
    int variable = leaf;
    Function when_no = 0;
    Function when_yes = 0;
    std::int64_t value = 0;  // of a leaf
    friend bool operator==(const Node&, const Node&) = default;
  };
  struct NodeHash {
    std::size_t operator()(const Node& node) const;
  };
  using Memo = std::unordered_map<std::uint64_t, Function>;

  Function make(const Node& node);
  Function choose(const Predicate& predicate, Function value_if, Function value_else,
                  std::unordered_map<int, Function>& memo);
  template <class Combine>
  Function combine(Function left, Function right, Memo& memo, Combine combine_values);
  Function minimum_over(Function function, int variable, Memo& memo, Memo& minimum_memo);

  std::size_t node_limit_;
  std::vector<Node> nodes_;
  std::unordered_map<Node, Function, NodeHash> index_of_;
};

}  // namespace d2nn::paths
