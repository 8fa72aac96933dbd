#include "exec/budget.h"

#include <algorithm>
#include <string>

namespace d2nn::exec {

std::int64_t added_cost(const d2nn_remaining_costs& costs, const std::int32_t* actions, std::int64_t stride,
                        std::uint32_t control, std::uint32_t action) {
  std::int32_t place = costs.tops[control];
  while (place >= 0) {
    const d2nn_regret_step& step = costs.steps[place];
    // A control node that did not execute counts for nothing: any action will do for it.
    const std::int32_t earlier = actions[step.control * stride];
    const std::uint32_t taken = step.control == control ? action : static_cast<std::uint32_t>(std::max(earlier, 0));
    place = ((taken >> step.shift) & 1u) != 0 ? step.when_yes : step.when_no;
  }
  return costs.values[~place];
}

Status check_budget(const d2nn_module& module, std::int64_t budget, const char* what) {
  const bool has_tables = module.remaining_costs != nullptr;
  if (budget == 0 || (has_tables && budget >= module.least_cost)) return {};  // allocates nothing
  const std::string given = std::string(what) + " is " + std::to_string(budget);
  if (!has_tables) {
    return {D2NN_UNSUPPORTED, given + ", but no budget can be kept for `" + module.name +
                                  "`: its decisions depend on each other in too many ways"};
  }
  return {D2NN_BUDGET_TOO_SMALL, given + ", but the cheapest path of `" + module.name + "` costs " +
                                     std::to_string(module.least_cost) + " multiplications"};
}

BudgetPolicy::BudgetPolicy(const d2nn_module& module, std::int64_t capacity)
    : module_(module), spare_(static_cast<std::size_t>(capacity)) {}

void BudgetPolicy::begin(std::int64_t budget) {
  std::fill(spare_.begin(), spare_.end(), budget - module_.least_cost);
}

d2nn_status BudgetPolicy::decide(d2nn_frame& frame, std::uint32_t control, const float* scores, std::int64_t stride,
                                 const std::int32_t* rows, std::int64_t count) noexcept {
  const std::uint32_t actions = module_.controls[control].action_count;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t row = rows[i];
    const float* row_scores = scores + row * stride;
    std::int64_t& spare = spare_[static_cast<std::size_t>(row)];
    std::int32_t winner = -1;
    std::int64_t price = 0;
    for (std::uint32_t action = 0; action < actions; ++action) {
      if (winner >= 0 && !(row_scores[action] > row_scores[winner])) continue;
      const std::int64_t added =
          added_cost(*module_.remaining_costs, frame.actions + row, frame.capacity, control, action);
      if (added > spare) continue;
      winner = static_cast<std::int32_t>(action);
      price = added;
    }
    spare -= price;
    frame.actions[control * frame.capacity + row] = winner;  // some action adds nothing, so one always fits
  }
  return D2NN_OK;
}

}  // namespace d2nn::exec
