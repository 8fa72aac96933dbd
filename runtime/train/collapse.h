// The alarm for a control node that stopped taking one of its actions (docs/training.md, "Collapse").
#pragma once

#include <string>
#include <vector>

#include "d2nn/module.h"
#include "train/evaluate.h"
#include "train/options.h"

namespace d2nn::train {

/// An action's share of the samples that its control node decided, below which it counts as given up.
inline constexpr double collapse_share = 0.01;
/// Evaluations running in which it must be: a choice that still moves is none that was given up.
inline constexpr int settled_evaluations = 3;

/// What was seen so far; a checkpoint keeps it.
struct CollapseState {
  std::vector<std::string> warned;    // already reported: "Q=low"
  std::vector<std::string> given_up;  // below the share, once for each evaluation running: "Q=low", "Q=low"
};

/// Takes a greedy evaluation into `state` and gives one sentence for each (control node, action) that has been below
/// the share for settled_evaluations of them, or is in the last one of the run (`is_last`), once. Control nodes that
/// decided nothing are left out. The advice follows the reward, leaves out what `options` have already, and says which
/// way lambda should go: towards the metric when the action given up costs more than those taken, else towards the
/// cost.
std::vector<std::string> collapse_warnings(const d2nn_module& module, const Evaluation& evaluation,
                                           const Reward& reward, const TrainOptions& options, bool is_last,
                                           CollapseState& state);

}  // namespace d2nn::train
