// The alarm for a control node that stopped taking one of its actions (docs/training.md, "Collapse").
#pragma once

#include <string>
#include <vector>

#include "d2nn/module.h"
#include "train/evaluate.h"

namespace d2nn::train {

/// An action's share of the samples that its control node decided, below which it counts as given up.
inline constexpr double collapse_share = 0.01;

/// One sentence for each (control node, action) that is below the share in this greedy evaluation and not in `warned`
/// yet
/// ("Q=low"), to which it is added. Control nodes that decided nothing are left out. The advice follows the reward.
std::vector<std::string> collapse_warnings(const d2nn_module& module, const Evaluation& evaluation,
                                           const Reward& reward, std::vector<std::string>& warned);

}  // namespace d2nn::train
