// Cost budgets: no sample costs more than it may, whatever its control scores are (docs/language.md, "Cost budgets").
// The module's tables (d2nn_remaining_costs) say what a decision adds to the least cost of all that may follow.
#pragma once

#include <cstdint>
#include <vector>

#include "d2nn/module.h"
#include "exec/frame_state.h"
#include "status/status.h"

namespace d2nn::exec {

/// D2NN_OK: every sample of the module can be kept within `budget` multiplications (0: there is none to keep).
/// D2NN_BUDGET_TOO_SMALL: the cheapest path costs more. D2NN_UNSUPPORTED: the module has no tables. `what` begins the
/// sentence
/// ("options->cost_budget", "--max-cost").
Status check_budget(const d2nn_module& module, std::int64_t budget, const char* what);

/// What an action of `control` adds to the least total cost that can still follow, given the actions taken before it:
/// actions[c * stride] is that of control node c, -1 where it did not execute. At least 0; 0 for some action.
std::int64_t added_cost(const d2nn_remaining_costs& costs, const std::int32_t* actions, std::int64_t stride,
                        std::uint32_t control, std::uint32_t action);

/// Decides for the rows of one frame: the best score among the actions that still fit, ties to the action declared
/// first.
class BudgetPolicy final : public DecisionPolicy {
 public:
  /// Room for `capacity` rows; afterwards nothing allocates.
  BudgetPolicy(const d2nn_module& module, std::int64_t capacity);

  /// Before every call of compiled code: each row may spend `budget`, which check_budget accepted.
  void begin(std::int64_t budget);
  d2nn_status decide(d2nn_frame& frame, std::uint32_t control, const float* scores, std::int64_t stride,
                     const std::int32_t* rows, std::int64_t count) noexcept override;

 private:
  const d2nn_module& module_;
  std::vector<std::int64_t> spare_;  // by row: what is left of the budget beyond the least that is still to come
};

}  // namespace d2nn::exec
