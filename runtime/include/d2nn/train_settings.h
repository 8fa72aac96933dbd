// What can be set about a training: one row per setting, with its name, range, default, formula and documentation, and
// the codes of losses, metrics and rewards. Compiler and runtime both include this file, and nothing says any of it
// again: the `train` block of a program and the options of `d2nn train` take the same values, a module carries them as
// numbers (d2nn_train_setting), and a test compares the tables of docs/training.md and docs/cli.md with the rows.
// Header only: the compiler includes it without linking the runtime. A change of a code or of the meaning of a value
// raises D2NN_MODULE_LAYOUT.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace d2nn {

// ---- codes ----

/// In the order of loss_words.
enum class LossKind : std::uint32_t {
  cross_entropy,
  q_learning_counterfactual,  // every decision's reward regressed: what `q_learning` means
  q_learning_plain,           // the decision taken alone, as in the paper
};
inline constexpr std::array<std::string_view, 3> loss_words{"cross_entropy", "q_learning(counterfactual)",
                                                            "q_learning(plain)"};
constexpr std::string_view spelling(LossKind kind) {
  return loss_words[static_cast<std::size_t>(kind)];
}

enum class MetricKind : std::uint32_t { accuracy, f1 };
/// A metric over decisions; `positive` is the class that F1 is about, also where a reward reads `f1` beside another
/// metric.
struct Metric {
  MetricKind kind = MetricKind::accuracy;
  std::int32_t positive = 1;
};
/// "accuracy", "f1:1".
inline std::string spelling(const Metric& metric) {
  return metric.kind == MetricKind::accuracy ? "accuracy" : "f1:" + std::to_string(metric.positive);
}

/// What one step of a reward does: pushes a number of the bag on a stack, or replaces the one or two numbers on top by
/// its result. metric, accuracy and f1 are of d2nn_reward_step::output, or the mean over all outputs.
enum class RewardCode : std::uint32_t {
  number,
  metric,  // the metric of the training
  accuracy,
  f1,
  efficiency,
  cost,  // mean multiplications of the bag
  lambda,
  efficiency_weight,
  negate,
  add,
  subtract,
  multiply,
  divide,
  minimum,
  maximum,
};
inline constexpr std::size_t reward_codes = 15;
/// The most numbers on the stack.
inline constexpr std::size_t max_reward_depth = 64;

/// "metric", "+", "min".
constexpr std::string_view spelling(RewardCode code) {
  constexpr std::array<std::string_view, reward_codes> words{
      "number", "metric", "accuracy", "f1", "efficiency", "cost", "lambda", "efficiency_weight",
      "-",      "+",      "-",        "*",  "/",          "min",  "max"};
  return words[static_cast<std::size_t>(code)];
}
/// How many numbers it takes from the stack: 0, 1 or 2.
constexpr std::size_t operand_count(RewardCode code) {
  if (code < RewardCode::negate) return 0;
  return code == RewardCode::negate ? 1 : 2;
}
/// The result of an operator, `negate` of `left` alone: what the compiler folds and what the harness computes are the
/// same. A NaN on either side of min and max is the result.
constexpr double apply(RewardCode code, double left, double right) {
  switch (code) {
    case RewardCode::add:
      return left + right;
    case RewardCode::subtract:
      return left - right;
    case RewardCode::multiply:
      return left * right;
    case RewardCode::divide:
      return left / right;
    case RewardCode::minimum:
      return left != left || right >= left ? left : right;
    case RewardCode::maximum:
      return left != left || right <= left ? left : right;
    default:
      return -left;
  }
}

// The words of the settings that are one of several, each beside its enumeration, in the same order.
enum class EfficiencyKind : std::uint32_t { inverse, linear };
inline constexpr std::array<std::string_view, 2> efficiency_words{"inverse", "linear"};
enum class BagReward : std::uint32_t { share, whole };
inline constexpr std::array<std::string_view, 2> bag_reward_words{"share", "whole"};
enum class Explore : std::uint32_t { chosen, all };
inline constexpr std::array<std::string_view, 2> explore_words{"chosen", "all"};
enum class OptimizerKind : std::uint32_t { adam, sgd };
inline constexpr std::array<std::string_view, 2> optimizer_words{"adam", "sgd"};
enum class RateSchedule : std::uint32_t { cosine, constant };
inline constexpr std::array<std::string_view, 2> rate_schedule_words{"cosine", "constant"};

// ---- settings ----

/// The rows of train_settings, in order.
enum class TrainSettingId : std::uint32_t {
  loss,
  metric,
  lambda,
  efficiency,
  efficiency_weight,
  control_weight,
  bag_reward,
  epsilon,
  explore,
  stages,
  pretrain,
  epochs,
  bag,
  batch,
  optimizer,
  lr,
  lr_schedule,
  momentum,
  weight_decay,
  seed,
  holdout,
  eval_every,
};
inline constexpr std::size_t train_setting_count = 22;

/// What the numbers of a value are; those not named are 0.
enum class SettingKind : std::uint32_t {
  number,   // [0], within the range
  integer,  // [0], whole, within the range
  word,     // [0]: index into `words`
  epsilon,  // start, floor, steps (0: derived from the stages); 0 <= floor <= start <= 1
  stages,   // shares of paths, choice, joint, control: none negative, not all 0
  metric,   // MetricKind, the positive class
  loss,     // LossKind, weight of at least 0; once per output
};

struct TrainSettingValue {
  std::array<double, 4> numbers{};
  constexpr double operator[](std::size_t index) const { return numbers[index]; }
  friend bool operator==(const TrainSettingValue&, const TrainSettingValue&) = default;
};

struct TrainSettingInfo {
  TrainSettingId id = {};
  std::string_view name = {};  // as the `train` block writes it; option_of() as the command line does
  SettingKind kind = SettingKind::number;
  double least = 0;  // of number and integer
  double greatest = 0;
  bool excludes_least = false;
  bool excludes_greatest = false;
  std::span<const std::string_view> words = {};
  TrainSettingValue initial = {};      // the default; without effect where default_text says another thing
  std::string_view default_text = {};  // where the default is no value of its own, or depends; empty: `initial`
  std::string_view placeholder = {};   // of the value in documentation
  std::string_view group = {};         // of the option in the help of a command
  std::string_view formula = {};  // what it enters, in the letters of docs/training.md; "" where the words say it all
  std::string_view documentation = {};
};

/// 2^53: every whole number up to here is exact as a double, and it is more than any count.
inline constexpr double max_integer = 9007199254740992;
inline constexpr double max_samples = 1 << 20;
inline constexpr double adam_learning_rate = 0.001;
inline constexpr double sgd_learning_rate = 0.01;

namespace settings_group {
inline constexpr std::string_view objective = "What is optimised";
inline constexpr std::string_view acting = "Acting and stages";
inline constexpr std::string_view steps = "Steps";
inline constexpr std::string_view judging = "Data and files";
}  // namespace settings_group

inline constexpr std::array<TrainSettingInfo, train_setting_count> train_settings{{
    {.id = TrainSettingId::loss,
     .name = "loss",
     .kind = SettingKind::loss,
     .words = loss_words,
     .initial = {{0, 1}},
     .default_text = "cross_entropy",
     .placeholder = "OUT=LOSS[:W]",
     .group = settings_group::objective,
     .formula = "total = sum of W * loss",
     .documentation = "loss of an output and its weight, once per output: `cross_entropy`, `q_learning`, "
                      "`q_learning(plain)`"},
    {.id = TrainSettingId::metric,
     .name = "metric",
     .kind = SettingKind::metric,
     .initial = {{0, 1}},
     .placeholder = "M",
     .group = settings_group::objective,
     .documentation = "metric of the reward and of the choice of the best weights: `accuracy` or `f1[:CLASS]` (`f1` "
                      "is `f1:1`)"},
    {.id = TrainSettingId::lambda,
     .name = "lambda",
     .greatest = 1,
     .initial = {{0.5}},
     .placeholder = "L",
     .group = settings_group::objective,
     .formula = "r = L * metric + (1 - L) * W * efficiency",
     .documentation = "weight of the metric against the efficiency, in the default reward"},
    {.id = TrainSettingId::efficiency,
     .name = "efficiency",
     .kind = SettingKind::word,
     .words = efficiency_words,
     .placeholder = "KIND",
     .group = settings_group::objective,
     .formula = "inverse: least / mean; linear: 1 - mean / greatest",
     .documentation = "how the efficiency is computed from the mean cost"},
    {.id = TrainSettingId::efficiency_weight,
     .name = "efficiency_weight",
     .greatest = 1000,
     .initial = {{1}},
     .placeholder = "W",
     .group = settings_group::objective,
     .documentation = "worth of the full efficiency in units of the metric"},
    {.id = TrainSettingId::control_weight,
     .name = "control_weight",
     .greatest = 1e9,
     .initial = {{1}},
     .placeholder = "W",
     .group = settings_group::objective,
     .formula = "total = output losses + W * sum of L_k",
     .documentation = "weight of the losses of control nodes"},
    {.id = TrainSettingId::bag_reward,
     .name = "bag_reward",
     .kind = SettingKind::word,
     .words = bag_reward_words,
     .placeholder = "KIND",
     .group = settings_group::objective,
     .formula = "share: r_k = r * m_k / m; whole: r_k = r",
     .documentation = "reward that each control node has to explain"},
    {.id = TrainSettingId::epsilon,
     .name = "epsilon",
     .kind = SettingKind::epsilon,
     .initial = {{1, 0.05, 0}},
     .placeholder = "START:FLOOR[:STEPS]",
     .group = settings_group::acting,
     .formula = "START + (FLOOR - START) * min(1, step / STEPS)",
     .documentation = "probability of a random action, falling linearly; without STEPS over 60 % of `choice`, or of "
                      "the steps after `paths`"},
    {.id = TrainSettingId::explore,
     .name = "explore",
     .kind = SettingKind::word,
     .words = explore_words,
     .placeholder = "KIND",
     .group = settings_group::acting,
     .documentation = "learn from the actions taken, or run every action of every control node"},
    {.id = TrainSettingId::stages,
     .name = "stages",
     .kind = SettingKind::stages,
     .initial = {{40, 0, 50, 10}},
     .placeholder = "P[:CHOICE]:J:C",
     .group = settings_group::acting,
     .documentation = "shares of the stages `paths`, `choice`, `joint`, `control`"},
    {.id = TrainSettingId::pretrain,
     .name = "pretrain",
     .greatest = 1e6,
     .default_text = "by `--stages`",
     .placeholder = "EPOCHS",
     .group = settings_group::acting,
     .documentation = "length of the stage `paths` in epochs, instead of its share"},
    {.id = TrainSettingId::epochs,
     .name = "epochs",
     .kind = SettingKind::integer,
     .least = 1,
     .greatest = 1e6,
     .initial = {{20}},
     .placeholder = "N",
     .group = settings_group::steps,
     .documentation = "passes over the training samples"},
    {.id = TrainSettingId::bag,
     .name = "bag",
     .kind = SettingKind::integer,
     .least = 1,
     .greatest = max_samples,
     .initial = {{8}},
     .placeholder = "M",
     .group = settings_group::steps,
     .documentation = "samples per bag"},
    {.id = TrainSettingId::batch,
     .name = "batch",
     .kind = SettingKind::integer,
     .least = 1,
     .greatest = max_samples,
     .initial = {{8}},
     .placeholder = "N",
     .group = settings_group::steps,
     .documentation = "bags per mini-batch"},
    {.id = TrainSettingId::optimizer,
     .name = "optimizer",
     .kind = SettingKind::word,
     .words = optimizer_words,
     .placeholder = "KIND",
     .group = settings_group::steps,
     .documentation = "how weights are updated"},
    {.id = TrainSettingId::lr,
     .name = "lr",
     .greatest = 1000,
     .excludes_least = true,
     .default_text = "0.001, sgd 0.01",
     .placeholder = "RATE",
     .group = settings_group::steps,
     .documentation = "learning rate"},
    {.id = TrainSettingId::lr_schedule,
     .name = "lr_schedule",
     .kind = SettingKind::word,
     .words = rate_schedule_words,
     .placeholder = "KIND",
     .group = settings_group::steps,
     .formula = "cosine: RATE * (0.05 + 0.95 * (1 + cos(pi * done)) / 2)",
     .documentation = "learning rate within a stage"},
    {.id = TrainSettingId::momentum,
     .name = "momentum",
     .greatest = 1,
     .excludes_greatest = true,
     .initial = {{0.9}},
     .placeholder = "M",
     .group = settings_group::steps,
     .formula = "v = M * v + (g + D * w), w = w - RATE * v",
     .documentation = "momentum of sgd"},
    {.id = TrainSettingId::weight_decay,
     .name = "weight_decay",
     .greatest = 1000,
     .placeholder = "D",
     .group = settings_group::steps,
     .formula = "adam: w * (1 - RATE * D); sgd: g + D * w",
     .documentation = "weight decay, for the weights of convolutions and products"},
    {.id = TrainSettingId::seed,
     .name = "seed",
     .kind = SettingKind::integer,
     .greatest = max_integer,
     .initial = {{1}},
     .placeholder = "N",
     .group = settings_group::steps,
     .documentation = "seed of every random number"},
    {.id = TrainSettingId::holdout,
     .name = "holdout",
     .greatest = 1,
     .excludes_greatest = true,
     .initial = {{0.1}},
     .placeholder = "SHARE",
     .group = settings_group::judging,
     .documentation = "share of the samples kept aside to choose the best weights"},
    {.id = TrainSettingId::eval_every,
     .name = "eval_every",
     .kind = SettingKind::integer,
     .least = 1,
     .greatest = max_integer,
     .initial = {{1}},
     .placeholder = "N",
     .group = settings_group::judging,
     .documentation = "epochs between greedy evaluations"},
}};

constexpr const TrainSettingInfo& info_of(TrainSettingId id) {
  return train_settings[static_cast<std::size_t>(id)];
}
static_assert(
    [] {
      for (std::size_t i = 0; i < train_setting_count; ++i) {
        if (static_cast<std::size_t>(train_settings[i].id) != i || train_settings[i].documentation.empty())
          return false;
        if (train_settings[i].kind == SettingKind::word && train_settings[i].words.empty()) return false;
      }
      return true;
    }(),
    "the rows stand in the order of TrainSettingId, and each is documented");

/// The row of a name of the language ("lr_schedule"), or nullptr.
constexpr const TrainSettingInfo* find_train_setting(std::string_view name) {
  const auto* found =
      std::find_if(train_settings.begin(), train_settings.end(), [&](const auto& row) { return row.name == name; });
  return found == train_settings.end() ? nullptr : found;
}

/// The default of a number or an integer, and of a word as its enumerator.
constexpr double default_number(TrainSettingId id) {
  return info_of(id).initial[0];
}
constexpr std::int64_t default_integer(TrainSettingId id) {
  return static_cast<std::int64_t>(info_of(id).initial[0]);
}
template <class Word>
constexpr Word default_word(TrainSettingId id) {
  return static_cast<Word>(default_integer(id));
}

constexpr bool is_within(const TrainSettingInfo& setting, double number) {
  return (setting.excludes_least ? number > setting.least : number >= setting.least) &&
         (setting.excludes_greatest ? number < setting.greatest : number <= setting.greatest);
}

/// "--lr-schedule" of lr_schedule.
inline std::string option_of(const TrainSettingInfo& setting) {
  std::string option = "--" + std::string(setting.name);
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

/// The shortest text that reads back as the same number.
inline std::string spell(double number) {
  std::array<char, 64> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return {buffer.data(), end};
}

/// "at least 0 and below 1", for a number or an integer.
inline std::string range_text(const TrainSettingInfo& setting) {
  return (setting.excludes_least ? "above " : "at least ") + spell(setting.least) + " and " +
         (setting.excludes_greatest ? "below " : "at most ") +
         (setting.greatest == max_integer ? "2^53" : std::to_string(static_cast<std::int64_t>(setting.greatest)));
}

/// A value as the command line takes it: "0.75", "constant", "1:0.05:500", "40:50:10", "f1:1". A loss without its
/// output: "q_learning(plain):0.5", the weight left out when it is 1.
inline std::string spell(const TrainSettingInfo& setting, const TrainSettingValue& value) {
  switch (setting.kind) {
    case SettingKind::number:
      return spell(value[0]);
    case SettingKind::integer:
      return std::to_string(static_cast<std::int64_t>(value[0]));
    case SettingKind::word:
      return std::string(setting.words[static_cast<std::size_t>(value[0])]);
    case SettingKind::epsilon:
      return spell(value[0]) + ":" + spell(value[1]) +
             (value[2] > 0 ? ":" + std::to_string(static_cast<std::int64_t>(value[2])) : "");
    case SettingKind::stages:
      return spell(value[0]) + ":" + (value[1] > 0 ? spell(value[1]) + ":" : "") + spell(value[2]) + ":" +
             spell(value[3]);
    case SettingKind::metric:
      return spelling(Metric{static_cast<MetricKind>(value[0]), static_cast<std::int32_t>(value[1])});
    case SettingKind::loss:
      return std::string(setting.words[static_cast<std::size_t>(value[0])]) +
             (value[1] == 1 ? "" : ":" + spell(value[1]));
  }
  return {};
}

/// The default as documentation writes it.
inline std::string default_text(const TrainSettingInfo& setting) {
  return setting.default_text.empty() ? spell(setting, setting.initial) : std::string(setting.default_text);
}

}  // namespace d2nn
