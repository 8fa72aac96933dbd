// The reward of a bag: r = lambda * A + (1 - lambda) * w * E, or the expression that the program gives
// (docs/training.md, "The reward"). A: a metric in [0, 1] from the outputs' decisions. E: the efficiency in [0, 1] from
// the multiplications executed, control nodes included. Both forms are steps of module.h, computed by one function, so
// that the default written into a program gives the same bits.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "d2nn/module.h"
#include "d2nn/train_settings.h"

namespace d2nn::train {

/// The decision of an output that is null: a wrong answer in every metric.
inline constexpr std::int32_t null_decision = -1;

/// What a metric needs to know of a set of samples. Samples can be added and taken out again.
struct MetricCounts {
  std::int64_t samples = 0;
  std::int64_t correct = 0;
  std::int64_t true_positives = 0;   // these three of the metric's positive class, whatever the metric
  std::int64_t false_positives = 0;  // a negative called positive, or a negative whose output is null
  std::int64_t false_negatives = 0;

  void add(std::int32_t label, std::int32_t decision, const Metric& metric) { count(label, decision, metric, 1); }
  void remove(std::int32_t label, std::int32_t decision, const Metric& metric) { count(label, decision, metric, -1); }
  MetricCounts& operator+=(const MetricCounts& other);

 private:
  void count(std::int32_t label, std::int32_t decision, const Metric& metric, std::int64_t by);
};

/// The metric in [0, 1]. Accuracy of no samples is 1; F1 = 2TP / (2TP + FP + FN), 1 when the divisor is 0.
double metric_value(const MetricCounts& counts, const Metric& metric);

/// What the costs of a program range over, in multiplications per sample.
struct CostRange {
  std::int64_t least = 0;
  std::int64_t greatest = 0;
};

/// inverse: least / mean; linear: 1 - mean / greatest; 1 where the divisor is 0.
double efficiency(EfficiencyKind kind, double mean_cost, const CostRange& range);

/// One step as a module holds it.
constexpr d2nn_reward_step reward_step(RewardCode code, std::uint32_t output = D2NN_NO_INDEX, double number = 0) {
  return {static_cast<std::uint32_t>(code), output, number};
}

/// The reward of a training that gives none, and how the language writes it.
inline constexpr d2nn_reward_step default_reward[] = {
    reward_step(RewardCode::lambda),
    reward_step(RewardCode::metric),
    reward_step(RewardCode::multiply),
    reward_step(RewardCode::number, D2NN_NO_INDEX, 1),
    reward_step(RewardCode::lambda),
    reward_step(RewardCode::subtract),
    reward_step(RewardCode::efficiency_weight),
    reward_step(RewardCode::multiply),
    reward_step(RewardCode::efficiency),
    reward_step(RewardCode::multiply),
    reward_step(RewardCode::add),
};
inline constexpr std::string_view default_reward_text =
    "lambda * metric + (1 - lambda) * efficiency_weight * efficiency";

/// A reward with everything it reads but the bag.
struct Reward {
  double lambda = default_number(TrainSettingId::lambda);
  Metric metric;
  EfficiencyKind efficiency_kind = default_word<EfficiencyKind>(TrainSettingId::efficiency);
  CostRange cost;
  double efficiency_weight = default_number(TrainSettingId::efficiency_weight);
  std::vector<d2nn_reward_step> steps;  // of the program; empty: default_reward

  std::span<const d2nn_reward_step> effective_steps() const;
  bool reads(RewardCode code) const;
  /// The metric, F1 in its place where the reward reads that: what data and bags must be fit for.
  Metric demanded_metric() const;
  /// counts: [outputs], of the bag; mean_cost: its multiplications per sample. Not finite where the expression divides
  /// by 0 or overflows.
  double operator()(std::span<const MetricCounts> counts, double mean_cost) const;
};

/// The mean of a metric over the outputs.
double mean_metric(std::span<const MetricCounts> counts, const Metric& metric);

}  // namespace d2nn::train
