// Mini-bags and schedules.
#include "train/bags.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "train/schedule.h"

using namespace d2nn::train;

namespace {

std::vector<std::uint32_t> all_samples(std::size_t count) {
  std::vector<std::uint32_t> samples(count);
  std::iota(samples.begin(), samples.end(), 0U);
  return samples;
}

std::vector<std::int32_t> labels_with(std::size_t negatives, std::size_t positives) {
  std::vector<std::int32_t> labels(negatives, 0);
  labels.resize(negatives + positives, 1);
  return labels;
}

}  // namespace

TEST_CASE("every bag has the data's share of each class") {
  const auto labels = labels_with(300, 100);
  auto bags = Bags::create(all_samples(400), labels, 8, {MetricKind::accuracy, 1}, 3);
  REQUIRE(bags.ok());
  CHECK(bags->bags_per_epoch() == 50);
  std::vector<std::uint32_t> order;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    bags->fill_epoch(epoch, order);
    for (std::size_t bag = 0; bag < 50; ++bag) {
      const auto positives = std::count_if(order.begin() + bag * 8, order.begin() + bag * 8 + 8,
                                           [&](std::uint32_t s) { return labels[s] == 1; });
      CHECK(positives >= 1);  // the share is 2 of 8
      CHECK(positives <= 3);
    }
    CHECK(std::set<std::uint32_t>(order.begin(), order.end()).size() == 400);
  }
}

TEST_CASE("an epoch is a function of seed and epoch alone") {
  const auto labels = labels_with(60, 20);
  std::vector<std::uint32_t> first, again, other_epoch, other_seed;
  auto bags = Bags::create(all_samples(80), labels, 4, {}, 3);
  auto others = Bags::create(all_samples(80), labels, 4, {}, 4);
  bags->fill_epoch(2, first);
  bags->fill_epoch(3, other_epoch);
  bags->fill_epoch(2, again);
  others->fill_epoch(2, other_seed);
  CHECK(first == again);
  CHECK(first != other_epoch);
  CHECK(first != other_seed);
}

TEST_CASE("for F1 every bag has a positive, however few there are") {
  const auto labels = labels_with(197, 3);
  auto bags = Bags::create(all_samples(200), labels, 4, {MetricKind::f1, 1}, 1);
  REQUIRE(bags.ok());
  std::vector<std::uint32_t> order;
  bags->fill_epoch(0, order);
  for (std::size_t bag = 0; bag < 50; ++bag) {
    CHECK(std::any_of(order.begin() + bag * 4, order.begin() + bag * 4 + 4,
                      [&](std::uint32_t s) { return labels[s] == 1; }));
  }
  for (std::uint32_t positive = 197; positive < 200; ++positive)
    CHECK(std::count(order.begin(), order.end(), positive) >= 16);
}

TEST_CASE("the samples left over differ from epoch to epoch") {
  auto bags = Bags::create(all_samples(10), labels_with(5, 5), 4, {}, 1);
  CHECK(bags->bags_per_epoch() == 2);
  std::set<std::uint32_t> seen;
  std::vector<std::uint32_t> order;
  for (std::int64_t epoch = 0; epoch < 8; ++epoch) {
    bags->fill_epoch(epoch, order);
    CHECK(order.size() == 8);
    seen.insert(order.begin(), order.end());
  }
  CHECK(seen.size() == 10);
}

TEST_CASE("bags that cannot be made are refused with the reason") {
  const auto labels = labels_with(5, 0);
  auto too_few = Bags::create(all_samples(5), labels, 8, {}, 1);
  CHECK(too_few.status().code() == D2NN_INVALID_ARGUMENT);
  CHECK(too_few.status().message().find("a bag of 8 samples (--bag) cannot be filled from 5") != std::string::npos);
  auto no_positive = Bags::create(all_samples(5), labels, 2, {MetricKind::f1, 1}, 1);
  CHECK(no_positive.status().message().find("needs samples of class 1") != std::string::npos);
}

TEST_CASE("stages follow their shares and epsilon falls over 60 % of what comes after paths") {
  TrainOptions options;
  options.epochs = 10;
  options.rate_schedule = RateSchedule::constant;
  const Schedule schedule(options, 100, true);
  CHECK(schedule.total_steps() == 1000);
  CHECK(schedule.at(0).stage == Stage::paths);
  CHECK(schedule.at(399).stage == Stage::paths);
  CHECK(schedule.at(399).epsilon == 1.0);
  CHECK(schedule.at(400).stage == Stage::joint);
  CHECK(schedule.at(400).epsilon == 1.0);
  CHECK(schedule.at(400 + 180).epsilon == doctest::Approx(1 - 0.95 / 2));
  CHECK(schedule.at(400 + 360).epsilon == doctest::Approx(0.05));
  CHECK(schedule.at(899).stage == Stage::joint);
  CHECK(schedule.at(900).stage == Stage::control);
  CHECK(schedule.at(999).epsilon == doctest::Approx(0.05));
  CHECK(schedule.at(999).learning_rate == 0.001);
  CHECK_FALSE(schedule.may_judge_actions(399));
  CHECK_FALSE(schedule.may_judge_actions(400 + 359));
  CHECK(schedule.may_judge_actions(400 + 360));
  options.epsilon.steps = 10000;  // the floor is never reached: the last step is judged all the same
  CHECK_FALSE(Schedule(options, 100, true).may_judge_actions(998));
  CHECK(Schedule(options, 100, true).may_judge_actions(999));
  CHECK_FALSE(schedule.may_keep(400));
  CHECK(schedule.may_keep(401));
}

TEST_CASE("pretrain fixes the length of paths and epsilon's steps can be given") {
  TrainOptions options;
  options.epochs = 10;
  options.pretrain_epochs = 2.5;
  options.epsilon = {0.8, 0.2, 100};
  const Schedule schedule(options, 100, true);
  CHECK(schedule.at(249).stage == Stage::paths);
  CHECK(schedule.at(250).stage == Stage::joint);
  CHECK(schedule.at(250).epsilon == doctest::Approx(0.8));
  CHECK(schedule.at(300).epsilon == doctest::Approx(0.5));
  CHECK(schedule.at(350).epsilon == doctest::Approx(0.2));
  CHECK(schedule.at(874).stage == Stage::joint);  // 750 steps are left, 50:10
  CHECK(schedule.at(875).stage == Stage::control);
}

TEST_CASE("a stage of choice stands between paths and joint, and epsilon falls in it") {
  TrainOptions options;
  options.epochs = 10;
  options.stages = {.paths = 30, .choice = 20, .joint = 40, .control = 10};
  const Schedule schedule(options, 100, true);
  CHECK(schedule.total_steps() == 1000);
  CHECK(schedule.at(299).stage == Stage::paths);
  CHECK(schedule.at(300).stage == Stage::choice);
  CHECK(schedule.at(300).epsilon == 1.0);
  CHECK(schedule.at(300).learning_rate == doctest::Approx(0.001));
  CHECK(schedule.at(420).epsilon == doctest::Approx(0.05));  // 60 % of the 200 steps of choice
  CHECK(schedule.at(499).stage == Stage::choice);
  CHECK(schedule.at(500).stage == Stage::joint);
  CHECK(schedule.at(500).epsilon == doctest::Approx(0.05));
  CHECK(schedule.at(899).stage == Stage::joint);
  CHECK(schedule.at(900).stage == Stage::control);
  CHECK(schedule.may_keep(301));
  options.stages = {.paths = 0, .choice = 1, .joint = 0, .control = 0};
  const Schedule alone(options, 100, true);
  CHECK(alone.at(0).stage == Stage::choice);
  CHECK(alone.at(999).stage == Stage::choice);
  options.stages = {.paths = 0, .choice = 0.01, .joint = 99, .control = 1};  // a share too small for a step
  const Schedule without(options, 100, true);
  CHECK(without.at(0).stage == Stage::joint);
  CHECK(without.at(0).epsilon == 1.0);
  CHECK(without.at(300).epsilon == doctest::Approx(1 - 0.95 / 2));
}

TEST_CASE("the cosine falls from the rate to a twentieth in every stage") {
  TrainOptions options;
  options.epochs = 1;
  options.learning_rate = 2;
  const Schedule schedule(options, 1000, true);
  CHECK(schedule.at(0).learning_rate == doctest::Approx(2));
  CHECK(schedule.at(200).learning_rate == doctest::Approx(0.1 + 1.9 * 0.5));
  CHECK(schedule.at(399).learning_rate == doctest::Approx(0.1).epsilon(0.01));
  CHECK(schedule.at(400).learning_rate == doctest::Approx(2));
}

TEST_CASE("a network without control nodes has one stage") {
  TrainOptions options;
  options.epochs = 2;
  const Schedule schedule(options, 10, false);
  CHECK(schedule.total_steps() == 20);
  CHECK(schedule.at(0).stage == Stage::joint);
  CHECK(schedule.at(19).stage == Stage::joint);
  CHECK(schedule.may_keep(1));
}
