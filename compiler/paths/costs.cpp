#include "paths/costs.h"

#include <set>
#include <utility>

#include "paths/cost_diagrams.h"

namespace d2nn::paths {
namespace {

/// Which variable goes next. last: the last in the diagrams, which leaves the structure of chains and cascades alone.
/// smallest: the one whose terms depend on the fewest variables together, for programs whose decisions meet in many
/// places.
enum class EliminationOrder { last, smallest };

/// The least of the sums of sign * cost over all paths, and a path that has it.
class Elimination {
 public:
  Elimination(const graph::Program& program, const Conditions& conditions, std::int64_t sign, EliminationOrder order,
              std::size_t node_limit)
      : order_(order), diagrams_(node_limit), constant_(diagrams_.constant(0)) {
    for (const ControlCode& code : conditions.codes) variable_count_ += code.variables.size();
    terms_of_.resize(variable_count_);
    for (std::size_t node = 0; node < program.nodes.size(); ++node) {
      const std::int64_t cost = program.nodes[node].cost;
      if (cost != 0) keep(diagrams_.choose(conditions.executes[node], sign * cost, 0));
    }
  }

  std::int64_t least() {
    std::vector<bool> is_left(variable_count_, true);
    for (std::size_t round = 0; round < variable_count_; ++round) {
      const std::size_t variable = next_variable(is_left);
      is_left[variable] = false;
      CostDiagrams::Function sum = diagrams_.constant(0);
      const std::set<std::size_t> summands = terms_of_[variable];
      for (const std::size_t term : summands) {
        sum = diagrams_.add(sum, terms_[term].function);
        for (const int other : terms_[term].variables) terms_of_[static_cast<std::size_t>(other)].erase(term);
      }
      eliminated_.emplace_back(variable, sum);
      keep(diagrams_.minimum_over(sum, static_cast<int>(variable)));
    }
    return diagrams_.value(constant_);
  }

  /// After least(). Where both values of a variable reach it, no: the action declared first.
  std::vector<bool> path() const {
    std::vector<bool> values(variable_count_);
    for (auto step = eliminated_.rbegin(); step != eliminated_.rend(); ++step) {
      const auto [variable, sum] = *step;
      const std::int64_t when_no = diagrams_.value_at(sum, values);
      values[variable] = true;
      if (diagrams_.value_at(sum, values) >= when_no) values[variable] = false;
    }
    return values;
  }

 private:
  struct Term {
    CostDiagrams::Function function;
    std::vector<int> variables;
  };

  void keep(CostDiagrams::Function function) {
    std::vector<int> variables = diagrams_.variables(function);
    if (variables.empty()) {
      constant_ = diagrams_.add(constant_, function);
      return;
    }
    for (const int variable : variables) terms_of_[static_cast<std::size_t>(variable)].insert(terms_.size());
    terms_.push_back({function, std::move(variables)});
  }

  std::size_t next_variable(const std::vector<bool>& is_left) const {
    std::size_t best = variable_count_;
    std::size_t fewest = variable_count_ + 1;
    for (std::size_t variable = variable_count_; variable-- > 0;) {
      if (!is_left[variable]) continue;
      if (order_ == EliminationOrder::last) return variable;
      std::set<int> together;
      for (const std::size_t term : terms_of_[variable]) {
        together.insert(terms_[term].variables.begin(), terms_[term].variables.end());
        if (together.size() >= fewest) break;
      }
      if (together.size() >= fewest) continue;
      best = variable;
      fewest = together.size();
    }
    return best;
  }

  EliminationOrder order_;
  CostDiagrams diagrams_;
  CostDiagrams::Function constant_;  // sum of the terms that depend on no variable
  std::size_t variable_count_ = 0;
  std::vector<Term> terms_;
  std::vector<std::set<std::size_t>> terms_of_;  // by variable: the terms left that depend on it
  std::vector<std::pair<std::size_t, CostDiagrams::Function>> eliminated_;  // variable, the sum it was minimised in
};

CostRange exact_range(const graph::Program& program, const Conditions& conditions, EliminationOrder order,
                      std::size_t node_limit) {
  CostRange range;
  {
    Elimination elimination(program, conditions, 1, order, node_limit);
    range.least = elimination.least();
    range.least_path = elimination.path();
  }
  Elimination elimination(program, conditions, -1, order, node_limit);
  range.greatest = -elimination.least();
  range.greatest_path = elimination.path();
  return range;
}

/// Costs of the nodes that execute on every path, and of those that execute on some.
CostRange bounds(const graph::Program& program, const Conditions& conditions) {
  CostRange range{0, 0, false, {}, {}};
  for (std::size_t node = 0; node < program.nodes.size(); ++node) {
    const std::int64_t cost = program.nodes[node].cost;
    if (cost == 0) continue;
    if (conditions.executes[node].is_always()) range.least += cost;
    if (!conditions.executes[node].is_never()) range.greatest += cost;
  }
  return range;
}

}  // namespace

CostRange cost_range(const graph::Program& program, const Conditions& conditions, std::size_t node_limit) {
  for (const EliminationOrder order : {EliminationOrder::last, EliminationOrder::smallest}) {
    try {
      return exact_range(program, conditions, order, node_limit);
    } catch (const CostDiagramsTooLarge&) {
    }
  }
  return bounds(program, conditions);
}

}  // namespace d2nn::paths
