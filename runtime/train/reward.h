// The reward of a bag: r = lambda * A + (1 - lambda) * w * E (docs/training.md, "The reward"). A: a metric in [0, 1]
// from the outputs' decisions. E: the efficiency in [0, 1] from the multiplications executed, control nodes included.
#pragma once

#include <cstdint>
#include <string>

namespace d2nn::train {

enum class MetricKind : std::uint8_t { accuracy, f1 };

/// A metric over decisions; `positive` is the class that F1 is about.
struct Metric {
  MetricKind kind = MetricKind::accuracy;
  std::int32_t positive = 1;
};

/// The decision of an output that is null: a wrong answer in every metric.
inline constexpr std::int32_t null_decision = -1;

/// What a metric needs to know of a set of samples. Samples can be added and taken out again.
struct MetricCounts {
  std::int64_t samples = 0;
  std::int64_t correct = 0;
  std::int64_t true_positives = 0;
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

enum class EfficiencyKind : std::uint8_t { inverse, linear };

/// What the costs of a program range over, in multiplications per sample.
struct CostRange {
  std::int64_t least = 0;
  std::int64_t greatest = 0;
};

/// inverse: least / mean; linear: 1 - mean / greatest; 1 where the divisor is 0.
double efficiency(EfficiencyKind kind, double mean_cost, const CostRange& range);

/// The default reward of a program.
struct Reward {
  double lambda = 0.5;
  Metric metric;
  EfficiencyKind efficiency_kind = EfficiencyKind::inverse;
  CostRange cost;
  double efficiency_weight = 1;  // w: what the whole efficiency is worth in units of the metric

  /// lambda * metric + (1 - lambda) * efficiency_weight * efficiency.
  double operator()(double metric_value, double mean_cost) const {
    return lambda * metric_value + (1 - lambda) * efficiency_weight * efficiency(efficiency_kind, mean_cost, cost);
  }
};

}  // namespace d2nn::train
