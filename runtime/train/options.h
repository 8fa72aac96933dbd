// What is set for a training: the settings of d2nn/train_settings.h, which has their ranges and defaults, and what
// belongs to one run alone; how values are read from a command line (docs/training.md lists them for users).
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

/// The loss of one output.
struct OutputLoss {
  std::string output;
  LossKind kind = LossKind::cross_entropy;
  double weight = 1;
};

/// Probability of a random action: linear from `start` to `floor` over `steps` steps after the stage `paths`.
struct EpsilonSchedule {
  double start = info_of(TrainSettingId::epsilon).initial[0];
  double floor = info_of(TrainSettingId::epsilon).initial[1];
  std::int64_t steps = 0;  // 0: 60 % of the stage `choice`, or of all of them
};

/// Shares of the steps, normalised to their sum; at least one is not 0.
struct StageShares {
  double paths = info_of(TrainSettingId::stages).initial[0];
  double choice = info_of(TrainSettingId::stages).initial[1];
  double joint = info_of(TrainSettingId::stages).initial[2];
  double control = info_of(TrainSettingId::stages).initial[3];
};

struct TrainOptions {
  std::vector<OutputLoss> losses;  // outputs not named get cross_entropy
  Metric metric;
  double lambda = default_number(TrainSettingId::lambda);
  EfficiencyKind efficiency = default_word<EfficiencyKind>(TrainSettingId::efficiency);
  double efficiency_weight = default_number(TrainSettingId::efficiency_weight);
  EpsilonSchedule epsilon;
  std::int64_t bag = default_integer(TrainSettingId::bag);
  std::int64_t batch = default_integer(TrainSettingId::batch);
  std::int64_t epochs = default_integer(TrainSettingId::epochs);
  StageShares stages;
  std::optional<double> pretrain_epochs;  // length of the stage `paths` in epochs, instead of its share
  OptimizerKind optimizer = default_word<OptimizerKind>(TrainSettingId::optimizer);
  std::optional<double> learning_rate;  // none: the optimiser's default
  double momentum = default_number(TrainSettingId::momentum);
  double weight_decay = default_number(TrainSettingId::weight_decay);  // decoupled for adam (AdamW)
  RateSchedule rate_schedule = default_word<RateSchedule>(TrainSettingId::lr_schedule);
  BagReward bag_reward = default_word<BagReward>(TrainSettingId::bag_reward);
  Explore explore = default_word<Explore>(TrainSettingId::explore);
  double control_weight = default_number(TrainSettingId::control_weight);
  bool uses_default_reward = false;                          // the program's is set aside
  std::vector<d2nn_reward_step> reward;                      // the program's; empty: default_reward
  std::string reward_text;                                   // as the language writes it, when `reward` is not empty
  double holdout = default_number(TrainSettingId::holdout);  // 0: the last weights are kept
  std::int64_t eval_every = default_integer(TrainSettingId::eval_every);
  std::int64_t checkpoint_every = 1;  // epochs; 0: only when interrupted
  std::uint64_t seed = static_cast<std::uint64_t>(default_integer(TrainSettingId::seed));
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

/// The value of a setting in the options; of a loss and of what is not given (`pretrain`): none.
std::optional<TrainSettingValue> value_of(const TrainOptions& options, TrainSettingId id);
/// Sets it. A loss is added, for `output`, which no other setting has.
void set(TrainOptions& options, TrainSettingId id, const TrainSettingValue& value, std::string_view output = {});

/// The value of a setting that is no loss from the text of the command line ("0.5", "cosine", "1:0.05:2000"), not yet
/// checked against its range. D2NN_INVALID_ARGUMENT names the option, what was found and what is possible.
Result<TrainSettingValue> parse_setting(const TrainSettingInfo& setting, std::string_view text);

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

}  // namespace d2nn::train
