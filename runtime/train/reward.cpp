// Metrics and efficiency: see reward.h.
#include "train/reward.h"

namespace d2nn::train {

void MetricCounts::count(std::int32_t label, std::int32_t decision, const Metric& metric, std::int64_t by) {
  samples += by;
  const bool is_correct = label == decision;
  if (is_correct) correct += by;
  if (metric.kind != MetricKind::f1) return;
  if (label == metric.positive) {
    (is_correct ? true_positives : false_negatives) += by;
  } else if (decision == metric.positive || decision == null_decision) {
    false_positives += by;
  }
}

MetricCounts& MetricCounts::operator+=(const MetricCounts& other) {
  samples += other.samples;
  correct += other.correct;
  true_positives += other.true_positives;
  false_positives += other.false_positives;
  false_negatives += other.false_negatives;
  return *this;
}

double metric_value(const MetricCounts& counts, const Metric& metric) {
  if (metric.kind == MetricKind::accuracy) {
    return counts.samples == 0 ? 1.0 : static_cast<double>(counts.correct) / static_cast<double>(counts.samples);
  }
  const std::int64_t divisor = 2 * counts.true_positives + counts.false_positives + counts.false_negatives;
  return divisor == 0 ? 1.0 : static_cast<double>(2 * counts.true_positives) / static_cast<double>(divisor);
}

double efficiency(EfficiencyKind kind, double mean_cost, const CostRange& range) {
  if (kind == EfficiencyKind::inverse) {
    return mean_cost > 0 ? static_cast<double>(range.least) / mean_cost : 1.0;
  }
  return range.greatest > 0 ? 1.0 - mean_cost / static_cast<double>(range.greatest) : 1.0;
}

}  // namespace d2nn::train
