// The control nodes are eliminated from the last to the first, as for the least cost (costs.h); what is kept is, for
// each, the sum of the terms that its decision settles. That sum minus its minimum over the actions is the added least
// cost; terms of decisions before it alone fall out, so that the diagrams of chains and trees stay small.
#include "paths/remaining_costs.h"

#include <algorithm>
#include <map>

#include "paths/cost_diagrams.h"
#include "paths/predicates.h"
#include "paths/remaining_costs_of.h"

namespace d2nn::paths {
namespace {

constexpr int diagram_node_limit = 1'000'000;
constexpr std::size_t cost_node_limit = 1'000'000;
constexpr std::size_t most_steps = 200'000;  // they stand in the compiled module, 16 bytes each

class AddedCosts {
 public:
  AddedCosts(const graph::Program& program, const Conditions& conditions)
      : conditions_(conditions), diagrams_(cost_node_limit), sums_(conditions.codes.size()) {
    for (std::size_t position = 0; position < conditions.codes.size(); ++position) {
      position_of_.resize(position_of_.size() + conditions.codes[position].variables.size(), position);
    }
    sums_.assign(conditions.codes.size(), diagrams_.constant(0));
    for (std::size_t node = 0; node < program.nodes.size(); ++node) {
      const std::int64_t cost = program.nodes[node].cost;
      if (cost != 0) settle(diagrams_.choose(conditions.executes[node], cost, 0));
    }
  }

  /// By position in Conditions::codes; constants where a control node has one action.
  std::vector<CostDiagrams::Function> eliminate() {
    std::vector<CostDiagrams::Function> added(sums_.size());
    for (std::size_t position = sums_.size(); position-- > 0;) {
      const std::vector<int>& variables = conditions_.codes[position].variables;
      CostDiagrams::Function least = sums_[position];
      for (auto variable = variables.rbegin(); variable != variables.rend(); ++variable) {
        least = diagrams_.minimum_over(least, *variable);
      }
      added[position] = diagrams_.subtract(sums_[position], least);
      settle(least);
    }
    return added;
  }

  const CostDiagrams& diagrams() const { return diagrams_; }

 private:
  /// Adds the term to those of the last control node it depends on; constants are the same for every decision.
  void settle(CostDiagrams::Function term) {
    const int last = diagrams_.last_variable(term);
    if (last < 0) return;
    CostDiagrams::Function& sum = sums_[position_of_[static_cast<std::size_t>(last)]];
    sum = diagrams_.add(sum, term);
  }

  const Conditions& conditions_;
  CostDiagrams diagrams_;
  std::vector<std::size_t> position_of_;      // by variable: in codes
  std::vector<CostDiagrams::Function> sums_;  // by position in codes
};

/// Diagrams to steps, each node once.
class Tables {
 public:
  Tables(const graph::Program& program, const Conditions& conditions, const CostDiagrams& diagrams)
      : diagrams_(diagrams) {
    const auto controls = graph::nodes_of(program, graph::NodeKind::control);
    for (const ControlCode& code : conditions.codes) {
      const auto place = std::find(controls.begin(), controls.end(), code.control) - controls.begin();
      places_.push_back(static_cast<std::uint32_t>(place));
      for (std::size_t i = 0; i < code.variables.size(); ++i) {
        bits_.push_back({static_cast<std::uint32_t>(place), static_cast<std::uint32_t>(code.variables.size() - 1 - i)});
      }
    }
    costs_.tops.resize(controls.size());
  }

  /// `position` in Conditions::codes.
  void add(std::size_t position, CostDiagrams::Function added) { costs_.tops[places_[position]] = write(added); }
  bool is_too_large() const { return costs_.steps.size() > most_steps; }
  RemainingCosts take() { return std::move(costs_); }

 private:
  struct Bit {
    std::uint32_t control;
    std::uint32_t shift;
  };

  std::int32_t write(CostDiagrams::Function function) {
    if (const auto known = written_.find(function); known != written_.end()) return known->second;
    std::int32_t place = 0;
    if (diagrams_.is_constant(function)) {
      place = ~static_cast<std::int32_t>(costs_.values.size());
      costs_.values.push_back(diagrams_.value(function));
    } else {
      if (is_too_large()) return 0;
      const Bit bit = bits_[static_cast<std::size_t>(diagrams_.variable(function))];
      const std::int32_t when_no = write(diagrams_.when_no(function));
      const std::int32_t when_yes = write(diagrams_.when_yes(function));
      place = static_cast<std::int32_t>(costs_.steps.size());
      costs_.steps.push_back({bit.control, bit.shift, when_no, when_yes});
    }
    written_.emplace(function, place);
    return place;
  }

  const CostDiagrams& diagrams_;
  std::vector<std::uint32_t> places_;  // by position in codes: in nodes_of(program, control)
  std::vector<Bit> bits_;              // by variable
  std::map<CostDiagrams::Function, std::int32_t> written_;
  RemainingCosts costs_;
};

}  // namespace

std::optional<RemainingCosts> remaining_costs_of(const graph::Program& program, const Conditions& conditions) {
  try {
    AddedCosts added(program, conditions);
    const std::vector<CostDiagrams::Function> of_position = added.eliminate();
    Tables tables(program, conditions, added.diagrams());
    for (std::size_t position = 0; position < of_position.size(); ++position) {
      tables.add(position, of_position[position]);
    }
    if (tables.is_too_large()) return std::nullopt;
    return tables.take();
  } catch (const CostDiagramsTooLarge&) {
    return std::nullopt;
  }
}

std::optional<RemainingCosts> remaining_costs(const graph::Program& program) {
  try {
    const DiagramSession session(count_variables(program), diagram_node_limit);
    return remaining_costs_of(program, make_conditions(program, session));
  } catch (const DiagramError&) {
    return std::nullopt;
  }
}

}  // namespace d2nn::paths
