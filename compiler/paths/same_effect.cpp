// Two actions differ if and only if some node that one targets and the other does not executes under different
// conditions: where all of these agree, so does every node behind them, by induction along the topological order.
#include "paths/same_effect.h"

#include <algorithm>

namespace d2nn::paths {
namespace {

class Comparison {
 public:
  Comparison(const Conditions& conditions, const ControlCode& code, const graph::Node& control,
             const DiagramSession& session)
      : conditions_(conditions),
        control_(control),
        session_(session),
        executes_(conditions.executes[code.control.index]) {
    for (std::uint32_t action = 0; action < code.action_count; ++action) {
      values_.push_back(spells_number(code, action, session));
    }
  }

  bool have_same_effect(std::uint32_t left, std::uint32_t right) const {
    return targets_agree(left, right) && targets_agree(right, left);
  }

 private:
  /// The targets of `one` execute alike when `other` is taken, or are targets of it as well.
  bool targets_agree(std::uint32_t one, std::uint32_t other) const {
    const std::vector<graph::NodeId>& others = control_.actions[other].targets;
    return std::ranges::all_of(control_.actions[one].targets, [&](graph::NodeId target) {
      if (std::ranges::find(others, target) != others.end()) return true;
      const Predicate& condition = conditions_.executes[target.index];
      return (executes_ & session_.restricted(condition, values_[one])) ==
             (executes_ & session_.restricted(condition, values_[other]));
    });
  }

  const Conditions& conditions_;
  const graph::Node& control_;
  const DiagramSession& session_;
  const Predicate& executes_;
  std::vector<Predicate> values_;  // by action
};

}  // namespace

std::vector<Analysis::SameEffect> actions_of_same_effect(const graph::Program& program, const Conditions& conditions,
                                                         const DiagramSession& session) {
  std::vector<Analysis::SameEffect> found;
  for (const ControlCode& code : conditions.codes) {
    if (conditions.executes[code.control.index].is_never()) continue;
    const Comparison comparison(conditions, code, program[code.control], session);
    for (std::uint32_t action = 1; action < code.action_count; ++action) {
      for (std::uint32_t earlier = 0; earlier < action; ++earlier) {
        if (!comparison.have_same_effect(earlier, action)) continue;
        found.push_back({code.control, action, earlier});
        break;
      }
    }
  }
  return found;
}

}  // namespace d2nn::paths
