// Metrics, efficiency, random numbers and initial weights against values worked out by hand.
#include "train/reward.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "small_network.h"
#include "train/initialise.h"
#include "train/random.h"

using namespace d2nn;
using namespace d2nn::train;

namespace {

MetricCounts count(const Metric& metric, std::initializer_list<std::pair<int, int>> label_and_decision) {
  MetricCounts counts;
  for (const auto& [label, decision] : label_and_decision) counts.add(label, decision, metric);
  return counts;
}

}  // namespace

TEST_CASE("accuracy is the share of right decisions and a null output is wrong") {
  const Metric metric{MetricKind::accuracy, 1};
  CHECK(metric_value(count(metric, {{0, 0}, {1, 1}, {1, 0}, {0, null_decision}}), metric) == 0.5);
  CHECK(metric_value({}, metric) == 1.0);
}

TEST_CASE("F1 is 2TP / (2TP + FP + FN)") {
  const Metric metric{MetricKind::f1, 1};
  // TP 2, FN 1, FP 1, one true negative: 4 / (4 + 1 + 1).
  CHECK(metric_value(count(metric, {{1, 1}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}), metric) == doctest::Approx(4.0 / 6.0));
  CHECK(metric_value(count(metric, {{0, 0}, {0, 0}}), metric) == 1.0);
  CHECK(metric_value(count(metric, {{1, 0}}), metric) == 0.0);
}

TEST_CASE("a null output costs F1 whatever the label is") {
  const Metric metric{MetricKind::f1, 1};
  CHECK(metric_value(count(metric, {{1, 1}, {1, null_decision}}), metric) == doctest::Approx(2.0 / 3.0));
  CHECK(metric_value(count(metric, {{1, 1}, {0, null_decision}}), metric) == doctest::Approx(2.0 / 3.0));
}

TEST_CASE("F1 looks at the positive class alone among several") {
  const Metric metric{MetricKind::f1, 2};
  // Classes 0 and 1 confused with each other cost nothing; 2 called 0 is a false negative.
  CHECK(metric_value(count(metric, {{0, 1}, {1, 0}, {2, 2}, {2, 0}}), metric) == doctest::Approx(2.0 / 3.0));
}

TEST_CASE("taking a sample out undoes adding it") {
  const Metric metric{MetricKind::f1, 1};
  MetricCounts counts = count(metric, {{1, 1}, {0, 1}});
  counts.add(1, 0, metric);
  counts.remove(1, 0, metric);
  CHECK(counts.samples == 2);
  CHECK(counts.false_negatives == 0);
  CHECK(metric_value(counts, metric) == doctest::Approx(2.0 / 3.0));
}

TEST_CASE("efficiency is least over mean, or one minus mean over greatest, and 1 where the divisor is 0") {
  CHECK(efficiency(EfficiencyKind::inverse, 400, {100, 400}) == 0.25);
  CHECK(efficiency(EfficiencyKind::inverse, 100, {100, 400}) == 1.0);
  CHECK(efficiency(EfficiencyKind::inverse, 0, {0, 400}) == 1.0);
  CHECK(efficiency(EfficiencyKind::linear, 100, {100, 400}) == 0.75);
  CHECK(efficiency(EfficiencyKind::linear, 400, {100, 400}) == 0.0);
  CHECK(efficiency(EfficiencyKind::linear, 0, {0, 0}) == 1.0);
}

TEST_CASE("the reward mixes metric and efficiency by lambda") {
  const std::vector<MetricCounts> counts{count({}, {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {0, 1}})};  // 4 of 5
  const Reward reward{0.75, {}, EfficiencyKind::inverse, {100, 400}, 1, {}};
  CHECK(reward(counts, 200) == doctest::Approx(0.75 * 0.8 + 0.25 * 0.5));
  const Reward weighted{0.75, {}, EfficiencyKind::linear, {100, 400}, 0.2, {}};
  CHECK(weighted(counts, 100) == doctest::Approx(0.75 * 0.8 + 0.25 * 0.2 * 0.75));
  CHECK(reward.reads(RewardCode::efficiency_weight));
  CHECK_FALSE(reward.reads(RewardCode::cost));
}

TEST_CASE("a program's reward is computed step by step from the counts of each output") {
  const Metric metric{MetricKind::f1, 1};
  const std::vector<MetricCounts> counts{count(metric, {{1, 1}, {1, 0}, {0, 0}, {0, 0}}),  // F1 2/3, accuracy 3/4
                                         count(metric, {{1, 1}, {1, 1}, {0, 0}, {0, 0}})};
  const auto value = [&](std::vector<d2nn_reward_step> steps) {
    return Reward{0.25, metric, EfficiencyKind::linear, {100, 400}, 3, std::move(steps)}(counts, 100);
  };
  const auto word = [](RewardCode code, std::uint32_t output = D2NN_NO_INDEX) {
    return d2nn_reward_step{static_cast<std::uint32_t>(code), output, 0};
  };
  const auto number = [](double of) { return reward_step(RewardCode::number, D2NN_NO_INDEX, of); };
  CHECK(value({word(RewardCode::metric)}) == doctest::Approx((2.0 / 3 + 1) / 2));
  CHECK(value({word(RewardCode::metric, 0)}) == doctest::Approx(2.0 / 3));
  CHECK(value({word(RewardCode::f1, 1)}) == 1.0);
  CHECK(value({word(RewardCode::accuracy)}) == (0.75 + 1) / 2);
  CHECK(value({word(RewardCode::accuracy, 0)}) == 0.75);
  CHECK(value({word(RewardCode::efficiency)}) == 0.75);
  CHECK(value({word(RewardCode::cost)}) == 100.0);
  CHECK(value({word(RewardCode::lambda)}) == 0.25);
  CHECK(value({word(RewardCode::efficiency_weight)}) == 3.0);
  // (1 - 7) / 2 - (-3)
  CHECK(value({number(1), number(7), word(RewardCode::subtract), number(2), word(RewardCode::divide), number(3),
               word(RewardCode::negate), word(RewardCode::subtract)}) == 0.0);
  CHECK(value({number(2), number(5), word(RewardCode::minimum)}) == 2.0);
  CHECK(value({number(2), number(5), word(RewardCode::maximum)}) == 5.0);
  CHECK(value({number(1), number(0), word(RewardCode::divide)}) == std::numeric_limits<double>::infinity());
  // NaN is not hidden by min and max, whichever side it is on.
  for (const RewardCode code : {RewardCode::minimum, RewardCode::maximum}) {
    CHECK(std::isnan(value({number(0), number(0), word(RewardCode::divide), number(1), word(code)})));
    CHECK(std::isnan(value({number(1), number(0), number(0), word(RewardCode::divide), word(code)})));
  }
}

TEST_CASE("bags and data are made fit for F1 when the reward alone reads it") {
  Reward reward{0.5, {MetricKind::accuracy, 2}, EfficiencyKind::inverse, {1, 1}, 1, {}};
  CHECK(reward.demanded_metric().kind == MetricKind::accuracy);
  reward.steps = {reward_step(RewardCode::f1)};
  CHECK(reward.demanded_metric().kind == MetricKind::f1);
  CHECK(reward.demanded_metric().positive == 2);
}

TEST_CASE("Philox gives the known answers of its authors") {
  using Words = std::array<std::uint32_t, 4>;
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("draws are uniform, and differ for every key") {
  double sum = 0;
  std::vector<int> hits(5);
  std::set<double> values;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const Draw draw(7, Purpose::action, 1, 3, i);
    CHECK_FALSE(draw.uniform() >= 1.0);
    sum += draw.uniform();
    ++hits[draw.below(5)];
    values.insert(draw.uniform());
  }
  CHECK(sum / 5000 == doctest::Approx(0.5).epsilon(0.03));
  for (const int hit : hits) CHECK(hit == doctest::Approx(1000).epsilon(0.12));
  CHECK(values.size() == 5000);
  const double base = Draw(7, Purpose::action, 1, 3, 9).uniform();
  CHECK(Draw(8, Purpose::action, 1, 3, 9).uniform() != base);
  CHECK(Draw(7, Purpose::decision, 1, 3, 9).uniform() != base);
  CHECK(Draw(7, Purpose::action, 2, 3, 9).uniform() != base);
  CHECK(Draw(7, Purpose::action, 1, 4, 9).uniform() != base);
}

TEST_CASE("initial weights fill PyTorch's range and scores of control nodes start near zero") {
  const d2nn_module& module = d2nn::test::small_network();
  std::vector<float> values(static_cast<std::size_t>(module.parameter_floats));
  initialise(module, 5, values);
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    const d2nn_parameter& parameter = module.parameters[p];
    const std::string name = parameter.tensor.name;
    double bound = 1 / std::sqrt(static_cast<double>(parameter.fan_in));
    if (name.rfind("Q.dense2", 0) == 0) bound *= 0.01;
    double greatest = 0;
    for (std::int64_t i = 0; i < parameter.tensor.elements; ++i)
      greatest =
          std::max(greatest, std::abs(static_cast<double>(values[static_cast<std::size_t>(parameter.offset + i)])));
    INFO(name);
    CHECK(greatest <= bound);
    if (parameter.tensor.elements >= 8) CHECK(greatest > 0.7 * bound);
  }
  std::vector<float> again(values.size());
  initialise(module, 5, again);
  CHECK(values == again);
  initialise(module, 6, again);
  CHECK(values != again);
}

TEST_CASE("batch norm starts as the identity") {
  d2nn_module module = d2nn::test::small_network();
  std::vector<d2nn_parameter> parameters(module.parameters, module.parameters + 4);
  for (std::uint32_t role = 0; role < 4; ++role) {
    parameters[role].start = role == 0 || role == 3 ? D2NN_START_ONES : D2NN_START_ZEROS;
    parameters[role].decays = 0;
    parameters[role].tensor.elements = 2;
    parameters[role].offset = 2 * role;
  }
  module.parameter_count = 4;
  module.parameters = parameters.data();
  std::vector<float> values(8, 9.0F);
  initialise(module, 1, values);
  CHECK(values == std::vector<float>{1, 1, 0, 0, 0, 0, 1, 1});
}
