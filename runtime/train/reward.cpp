// Metrics, efficiency, and the little stack machine of rewards: see reward.h.
#include "train/reward.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace d2nn::train {

void MetricCounts::count(std::int32_t label, std::int32_t decision, const Metric& metric, std::int64_t by) {
  samples += by;
  const bool is_correct = label == decision;
  if (is_correct) correct += by;
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

double mean_metric(std::span<const MetricCounts> counts, const Metric& metric) {
  double sum = 0;
  for (const MetricCounts& of_output : counts) sum += metric_value(of_output, metric);
  return sum / static_cast<double>(counts.size());
}

std::span<const d2nn_reward_step> Reward::effective_steps() const {
  return steps.empty() ? std::span<const d2nn_reward_step>(default_reward) : steps;
}

bool Reward::reads(RewardCode code) const {
  const auto all = effective_steps();
  return std::any_of(all.begin(), all.end(),
                     [code](const d2nn_reward_step& step) { return step.code == static_cast<std::uint32_t>(code); });
}

Metric Reward::demanded_metric() const {
  return reads(RewardCode::f1) ? Metric{MetricKind::f1, metric.positive} : metric;
}

double Reward::operator()(std::span<const MetricCounts> counts, double mean_cost) const {
  const auto measured = [&](std::uint32_t output, const Metric& wanted) {
    return output == D2NN_NO_INDEX ? mean_metric(counts, wanted) : metric_value(counts[output], wanted);
  };
  std::array<double, max_reward_depth> stack;
  std::size_t depth = 0;
  for (const d2nn_reward_step& step : effective_steps()) {
    switch (static_cast<RewardCode>(step.code)) {
      case RewardCode::number:
        stack[depth++] = step.number;
        break;
      case RewardCode::metric:
        stack[depth++] = measured(step.output, metric);
        break;
      case RewardCode::accuracy:
        stack[depth++] = measured(step.output, {MetricKind::accuracy, metric.positive});
        break;
      case RewardCode::f1:
        stack[depth++] = measured(step.output, {MetricKind::f1, metric.positive});
        break;
      case RewardCode::efficiency:
        stack[depth++] = efficiency(efficiency_kind, mean_cost, cost);
        break;
      case RewardCode::cost:
        stack[depth++] = mean_cost;
        break;
      case RewardCode::lambda:
        stack[depth++] = lambda;
        break;
      case RewardCode::efficiency_weight:
        stack[depth++] = efficiency_weight;
        break;
      case RewardCode::negate:
        stack[depth - 1] = apply(RewardCode::negate, stack[depth - 1], 0);
        break;
      default:
        --depth;
        stack[depth - 1] = apply(static_cast<RewardCode>(step.code), stack[depth - 1], stack[depth]);
    }
  }
  return stack[0];
}

}  // namespace d2nn::train
