// The bits of one control node depend on each other, so a diagram is not walked bit by bit but control node by control
// node: for each action down to where the diagram leaves the control node's variables.
#include "paths/expectation.h"

#include <unordered_map>

namespace d2nn::paths {
namespace {

class WeightedCount {
 public:
  WeightedCount(const Conditions& conditions, std::vector<std::vector<double>> weights)
      : conditions_(conditions), weights_(std::move(weights)) {
    for (std::size_t position = 0; position < conditions.codes.size(); ++position) {
      for (const int variable : conditions.codes[position].variables) {
        if (position_of_.size() <= static_cast<std::size_t>(variable)) position_of_.resize(std::size_t(variable) + 1);
        position_of_[static_cast<std::size_t>(variable)] = position;
      }
    }
  }

  /// `predicate` must live as long as this: its parts are remembered by their keys.
  double probability(const Predicate& predicate) {
    if (predicate.is_never()) return 0;
    if (predicate.is_always()) return 1;
    if (const auto known = known_.find(predicate.key()); known != known_.end()) return known->second;
    const std::size_t position = position_of_[static_cast<std::size_t>(predicate.variable())];
    double sum = 0;
    for (std::uint32_t action = 0; action < weights_[position].size(); ++action) {
      const double weight = weights_[position][action];
      if (weight > 0) sum += weight * probability(after_action(predicate, conditions_.codes[position], action));
    }
    known_.emplace(predicate.key(), sum);
    return sum;
  }

 private:
  const Conditions& conditions_;
  std::vector<std::vector<double>> weights_;  // by position in codes
  std::vector<std::size_t> position_of_;      // by variable
  std::unordered_map<int, double> known_;     // by key of the predicate
};

}  // namespace

std::vector<double> execution_probabilities(const graph::Program& program, const Conditions& conditions,
                                            const Frequencies& frequencies) {
  std::vector<std::vector<double>> of_node(program.nodes.size());
  const auto controls = graph::nodes_of(program, graph::NodeKind::control);
  for (std::size_t i = 0; i < controls.size(); ++i) {
    const std::size_t actions = program[controls[i]].actions.size();
    const bool is_uniform = frequencies.empty() || frequencies[i].empty();
    of_node[controls[i].index] =
        is_uniform ? std::vector<double>(actions, 1.0 / static_cast<double>(actions)) : frequencies[i];
  }
  std::vector<std::vector<double>> weights;
  for (const ControlCode& code : conditions.codes) weights.push_back(std::move(of_node[code.control.index]));

  WeightedCount count(conditions, std::move(weights));
  std::vector<double> probabilities;
  for (const Predicate& executes : conditions.executes) probabilities.push_back(count.probability(executes));
  return probabilities;
}

}  // namespace d2nn::paths
