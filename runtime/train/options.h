// What a training may be told: one struct, every default in one place, and the spellings of the command line
// (docs/training.md lists them for users).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "d2nn/module.h"
#include "status/status.h"
#include "train/reward.h"

namespace d2nn::train {

enum class LossKind : std::uint8_t {
  cross_entropy,
  q_learning_counterfactual,  // every decision's reward regressed: what `q_learning` means
  q_learning_plain,           // the decision taken alone, as in the paper
};

/// The loss of one output.
struct OutputLoss {
  std::string output;
  LossKind kind = LossKind::cross_entropy;
  double weight = 1;
};

/// Probability of a random action: linear from `start` to `floor` over `steps` steps after the stage `paths`.
struct EpsilonSchedule {
  double start = 1;
  double floor = 0.05;
  std::int64_t steps = 0;  // 0: 60 % of the stage `choice`, or of all of them
};

/// Shares of the steps, normalised to their sum; at least one is not 0.
struct StageShares {
  double paths = 40;
  double choice = 0;
  double joint = 50;
  double control = 10;
};

enum class OptimizerKind : std::uint8_t { adam, sgd };
enum class RateSchedule : std::uint8_t { cosine, constant };
enum class BagReward : std::uint8_t { share, whole };
enum class Explore : std::uint8_t { chosen, all };

struct TrainOptions {
  std::vector<OutputLoss> losses;  // outputs not named get cross_entropy
  Metric metric;
  double lambda = 0.5;
  EfficiencyKind efficiency = EfficiencyKind::inverse;
  double efficiency_weight = 1;  // what the whole efficiency is worth in units of the metric
  EpsilonSchedule epsilon;
  std::int64_t bag = 8;    // samples per bag
  std::int64_t batch = 8;  // bags per mini-batch
  std::int64_t epochs = 20;
  StageShares stages;
  std::optional<double> pretrain_epochs;  // length of the stage `paths` in epochs, instead of its share
  OptimizerKind optimizer = OptimizerKind::adam;
  std::optional<double> learning_rate;  // nothing: the optimiser's default, 0.001 for adam and 0.01 for sgd
  double momentum = 0.9;                // sgd
  double weight_decay = 0;  // of conv and dense weights: decoupled for adam (AdamW), added to the gradient for sgd
  RateSchedule rate_schedule = RateSchedule::cosine;
  BagReward bag_reward = BagReward::share;
  Explore explore = Explore::chosen;
  double control_weight = 1;
  bool uses_default_reward = false;      // the program's is set aside
  std::vector<d2nn_reward_step> reward;  // the program's; empty: default_reward
  std::string reward_text;               // as the language writes it, when `reward` is not empty
  double holdout =
      0.1;  // share of the training samples kept aside to choose the best weights; 0: the last weights are kept
  std::int64_t eval_every = 1;        // epochs from one greedy evaluation to the next
  std::int64_t checkpoint_every = 1;  // epochs; 0: only when interrupted
  std::uint64_t seed = 1;
  std::int64_t threads = 0;     // 0: one per CPU
  std::string output_path;      // the best weights; empty: not written
  std::string checkpoint_path;  // empty: output_path + ".checkpoint", or none when that is empty too
  std::string initial_weights;  // safetensors to start from; empty: PyTorch's defaults
  bool resume = false;

  /// The reward as the language writes it.
  std::string effective_reward_text() const;
  double effective_learning_rate() const;
  std::string effective_checkpoint_path() const;
};

/// The reward of a run on this module.
Reward make_reward(const d2nn_module& module, const TrainOptions& options);

/// What decides the bits of a run, as (option, value) in a fixed order, last ("reward", its text), which is the
/// program's; threads, paths and `resume` are not in it.
/// A checkpoint records it, and a resumed run must have the same.
std::vector<std::pair<std::string, std::string>> settings(const TrainOptions& options);

/// Checks the numbers against each other. D2NN_INVALID_ARGUMENT names the option, what was found and what is possible.
Status check(const TrainOptions& options);

/// `OUT=cross_entropy[:weight]`, `OUT=q_learning[:weight]`, `OUT=q_learning(counterfactual)`, `OUT=q_learning(plain)`.
Result<OutputLoss> parse_loss(std::string_view text);
/// `accuracy`, `f1` (positive class 1), `f1:CLASS`.
Result<Metric> parse_metric(std::string_view text);
/// `START:FLOOR` or `START:FLOOR:STEPS`.
Result<EpsilonSchedule> parse_epsilon(std::string_view text);
/// `PATHS:JOINT:CONTROL`, such as 40:50:10.
Result<StageShares> parse_stages(std::string_view text);

}  // namespace d2nn::train
