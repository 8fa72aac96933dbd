// What a mini-batch optimises: rewards of its bags, the losses of outputs and control nodes, and their gradients with
// respect to scores (docs/training.md, "The losses"). Reads a forward pass, writes the gradients that backward starts
// from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "d2nn/module.h"
#include "train/options.h"
#include "train/reward.h"
#include "train/schedule.h"
#include "train/step_runner.h"

namespace d2nn::train {

/// A mini-batch without its inputs: bags of equal size, stored consecutively.
struct BatchView {
  std::int64_t rows = 0;  // bags * bag size
  std::int64_t bag_size = 0;
  const std::int32_t* labels = nullptr;    // [rows]
  const std::uint64_t* samples = nullptr;  // [rows]
};

/// What a step came to; sums are over its bags.
struct StepResult {
  double loss = 0;  // total, mean over the bags
  double output_loss = 0;
  double control_loss = 0;      // before --control-weight
  double reward = 0;            // mean over the bags
  std::int64_t wrong_bag = -1;  // the first bag whose reward, or that of another choice in it, is not finite
  double cost = 0;              // mean over the rows
  MetricCounts counts;          // of the first output, decisions as acted
};

/// The losses of a run. Allocates when made, never afterwards.
class Objective {
 public:
  /// losses: one per output of the module, in the module's order.
  Objective(const d2nn_module& module, const TrainOptions& options, std::vector<OutputLoss> losses,
            std::int64_t capacity);

  /// Whether a step of this stage needs a forward pass for every forced action (`--explore all`).
  bool explores_all(Stage stage) const {
    return explore_ == Explore::all && trains(stage, true) && module_.control_count > 0;
  }
  /// Keeps what the rows' outputs and costs would be with `action` forced at `control`: after such a forward pass.
  void record_forced(const StepRunner& runner, const BatchView& batch, std::uint32_t control, std::int32_t action);

  /// The losses of the last forward pass of the runner; adds their gradients to the runner's, which must be clear.
  StepResult evaluate(StepRunner& runner, const BatchView& batch, const StepPlan& plan, std::uint64_t step);

  const Reward& reward() const { return reward_; }

 private:
  /// A bag's reward and cost; its counts per output are in bag_counts_.
  struct BagTotals;
  /// Notes a reward that is not finite.
  double reward_of(std::span<const MetricCounts> counts, double cost, std::int64_t bag_size);
  void decide(const StepRunner& runner, const BatchView& batch, const StepPlan& plan, std::uint64_t step);
  BagTotals total(const BatchView& batch, std::int64_t begin);
  double output_loss(StepRunner& runner, const BatchView& batch, const BagTotals& totals, std::uint32_t output,
                     std::int64_t begin, double scale);
  double control_loss(StepRunner& runner, const BatchView& batch, const BagTotals& totals, std::uint32_t control,
                      std::int64_t begin, double scale);
  /// The share of a bag's reward that `taking` of its rows have to explain.
  double share(std::int64_t taking, std::int64_t bag_size) const;

  const d2nn_module& module_;
  std::vector<OutputLoss> losses_;
  Reward reward_;
  BagReward bag_reward_;
  Explore explore_;
  double control_weight_;
  std::uint64_t seed_;
  std::int64_t capacity_;
  std::vector<std::int32_t> decisions_;         // [outputs][capacity], null_decision where null
  std::vector<std::int64_t> costs_;             // [capacity]
  std::vector<MetricCounts> bag_counts_;        // [outputs], of the bag at hand
  std::vector<MetricCounts> other_counts_;      // [outputs], of the same bag had one row chosen otherwise
  bool has_wrong_reward_ = false;               // of the bag at hand
  std::vector<double> targets_;                 // [bag, columns] of the counterfactual forms
  std::vector<std::size_t> forced_begin_;       // [controls]: first action of a control node among all
  std::vector<std::int32_t> forced_decisions_;  // [all actions][outputs][capacity]
  std::vector<std::int64_t> forced_costs_;      // [all actions][capacity]
};

}  // namespace d2nn::train
