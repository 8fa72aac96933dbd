#include "reference/budget.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

namespace d2nn::reference {
namespace {

using graph::Join;
using graph::NodeId;

/// Executes the nodes one after the other by the rules, without values; at a free control node it tries every action.
class Completions {
 public:
  Completions(const graph::Program& program, const Decided& decided)
      : program_(program),
        decided_(decided),
        activated_by_(graph::activations(program)),
        executed_(program.nodes.size()) {}

  std::int64_t least(std::size_t place = 0) {
    if (place == program_.topological_order.size()) return 0;
    const NodeId id = program_.topological_order[place];
    executed_[id.index] = executes(id);
    if (!executed_[id.index]) return least(place + 1);
    const std::int64_t cost = program_[id].cost;
    if (program_[id].kind != graph::NodeKind::control) return cost + least(place + 1);
    std::int64_t best = std::numeric_limits<std::int64_t>::max();
    const auto decided = decided_.find(id);
    for (std::uint32_t action = 0; action < program_[id].actions.size(); ++action) {
      if (decided != decided_.end() && decided->second != action) continue;
      if (program_[id].fixed_action.value_or(action) != action) continue;
      taken_[id] = action;
      best = std::min(best, least(place + 1));
    }
    return cost + best;
  }

 private:
  bool is_null(graph::EdgeId edge) const { return !executed_[program_[edge].source.index] && !program_[edge].fallback; }

  bool executes(NodeId id) const {
    for (const graph::NodeInput& input : program_[id].inputs) {
      const auto null_edge = [&](graph::EdgeId edge) { return is_null(edge); };
      const bool needs_one = input.join == Join::first || input.join == Join::last;
      if (needs_one ? std::all_of(input.edges.begin(), input.edges.end(), null_edge)
                    : std::any_of(input.edges.begin(), input.edges.end(), null_edge)) {
        return false;
      }
    }
    const auto& activations = activated_by_[id.index];
    return activations.empty() || std::any_of(activations.begin(), activations.end(), [&](const graph::Activation& by) {
             return executed_[by.control.index] && taken_.at(by.control) == by.action;
           });
  }

  const graph::Program& program_;
  const Decided& decided_;
  const std::vector<std::vector<graph::Activation>> activated_by_;
  std::vector<bool> executed_;
  Decided taken_;
};

}  // namespace

std::int64_t least_cost(const graph::Program& program, const Decided& decided) {
  return Completions(program, decided).least();
}

std::function<std::uint32_t(std::size_t, NodeId, std::span<const float>)> budget_policy(const graph::Program& program,
                                                                                        std::int64_t budget) {
  const auto decided = std::make_shared<std::map<std::size_t, Decided>>();
  return [&program, budget, decided](std::size_t row, NodeId control, std::span<const float> scores) {
    Decided& so_far = (*decided)[row];
    std::optional<std::uint32_t> best;
    for (std::uint32_t action = 0; action < scores.size(); ++action) {
      so_far[control] = action;
      if (least_cost(program, so_far) > budget) continue;
      if (!best || scores[action] > scores[*best]) best = action;
    }
    return so_far[control] = best.value();
  };
}

}  // namespace d2nn::reference
