// A whole step through a training module: gradients of the total loss with respect to every parameter against finite
// differences, for each kind of loss, and what a forward pass reports.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "small_network.h"
#include "train/initialise.h"
#include "train/objective.h"
#include "train/policy.h"
#include "train/step_runner.h"

using namespace d2nn;
using namespace d2nn::train;

namespace {

constexpr std::int64_t bag_size = 4;
constexpr std::int64_t bags = 3;
constexpr std::int64_t rows = bags * bag_size;

/// A mini-batch of the small network with everything a step needs.
struct Step {
  threads::ThreadPool pool{1};
  std::unique_ptr<StepRunner> runner;
  datasets::Dataset data = test::small_data(rows, 12);
  std::vector<float> inputs;
  std::vector<std::uint64_t> samples;
  ExplorationPolicy policy{3};
  TrainOptions options;
  StepPlan plan{Stage::joint, 0.0, 0.001};

  Step() : inputs(rows * 4), samples(rows) {
    runner = *StepRunner::create(test::small_network(), rows, pool);
    initialise(test::small_network(), 3, runner->parameters());
    // Scores of Q far apart, some rows each way, so that no decision changes while a weight is wiggled.
    const d2nn_parameter& q = test::small_network().parameters[4];
    REQUIRE(std::string(q.tensor.name) == "Q.dense2.weight");
    for (std::int64_t i = 0; i < q.tensor.elements; ++i)
      runner->parameters()[static_cast<std::size_t>(q.offset + i)] *= 100;
    std::iota(samples.begin(), samples.end(), std::uint64_t{0});
    for (std::size_t r = 0; r < rows; ++r) REQUIRE(data.fill(r, inputs.data() + 4 * r).ok());
    options.bag = bag_size;
  }

  Status forward() {
    const float* input = inputs.data();
    ForwardRequest request;
    request.rows = rows;
    request.inputs = &input;
    request.samples = samples.data();
    request.policy = &policy;
    policy.begin_step(1, plan.epsilon, samples.data());
    return runner->forward(request);
  }
  BatchView view() const { return {rows, bag_size, data.labels().data(), samples.data()}; }

  StepResult loss(Objective& objective) {
    if (objective.explores_all(plan.stage)) {
      for (std::int32_t action = 0; action < 2; ++action) {
        policy.force(0, action);
        REQUIRE(forward().ok());
        policy.release();
        objective.record_forced(*runner, view(), 0, action);
      }
    }
    REQUIRE(forward().ok());
    runner->clear_gradients();
    return objective.evaluate(*runner, view(), plan, 1);
  }
};

/// The gradient of `loss` by central differences against the one of backward(), in every parameter.
void check_gradients(Step& step, const std::vector<OutputLoss>& losses) {
  Objective objective(test::small_network(), step.options, losses, rows);
  step.loss(objective);
  REQUIRE(step.runner->backward().ok());
  const std::vector<float> gradient(step.runner->parameter_gradients().begin(),
                                    step.runner->parameter_gradients().end());
  const d2nn_module& module = test::small_network();
  double greatest = 0;
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    for (std::int64_t i = 0; i < module.parameters[p].tensor.elements; ++i) {
      const auto at = static_cast<std::size_t>(module.parameters[p].offset + i);
      float& weight = step.runner->parameters()[at];
      const float kept = weight;
      weight = kept + 5e-4F;
      const double above = step.loss(objective).loss;
      weight = kept - 5e-4F;
      const double below = step.loss(objective).loss;
      weight = kept;
      INFO(std::string(module.parameters[p].tensor.name), " element ", i);
      CHECK(static_cast<double>(gradient[at]) == doctest::Approx((above - below) / 1e-3).epsilon(0.02).scale(0.02));
      greatest = std::max(greatest, std::abs(static_cast<double>(gradient[at])));
    }
  }
  CHECK(greatest > 0.01);
}

}  // namespace

TEST_CASE("a forward pass reports actions, costs and outputs of each row") {
  Step step;
  REQUIRE(step.forward().ok());
  std::int64_t low = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* scores = step.runner->scores(0) + r * step.runner->score_stride(0);
    const std::int32_t action = step.runner->actions(0)[r];
    CHECK(action == (scores[0] >= scores[1] ? 0 : 1));
    CHECK(step.runner->cost(r) == (action == 0 ? test::small_high_cost : test::small_low_cost));
    CHECK(step.runner->valid(0)[r] == 1);
    low += action;
  }
  CHECK(low > 0);
  CHECK(low < rows);
}

TEST_CASE("gradients of cross-entropy and the control loss agree with finite differences in every parameter") {
  Step step;
  check_gradients(step, {{"scores", LossKind::cross_entropy, 0.7}});
}

TEST_CASE("gradients of plain Q-learning agree with finite differences in every parameter") {
  Step step;
  step.options.bag_reward = BagReward::whole;
  step.options.metric = {MetricKind::f1, 1};
  check_gradients(step, {{"scores", LossKind::q_learning_plain, 1.3}});
}

TEST_CASE("the control loss weighs as told and its stage leaves outputs out") {
  Step step;
  step.options.control_weight = 2.5;
  step.plan.stage = Stage::control;
  check_gradients(step, {{"scores", LossKind::cross_entropy, 1}});
  Objective objective(test::small_network(), step.options, {{"scores", LossKind::cross_entropy, 1}}, rows);
  const StepResult result = step.loss(objective);
  CHECK(result.output_loss == 0);
  CHECK(result.loss == doctest::Approx(2.5 * result.control_loss));
  step.plan.stage = Stage::paths;
  CHECK(step.loss(objective).control_loss == 0);
}

TEST_CASE("the control loss is the squared distance of the bag's reward from the sum of the chosen scores") {
  Step step;
  Objective objective(test::small_network(), step.options, {{"scores", LossKind::cross_entropy, 0}}, rows);
  const StepResult result = step.loss(objective);
  double loss = 0;
  double reward_sum = 0;
  for (std::int64_t b = 0; b < bags; ++b) {
    double sum = 0;
    double cost = 0;
    double right = 0;
    for (std::int64_t r = b * bag_size; r < (b + 1) * bag_size; ++r) {
      sum += static_cast<double>(step.runner->scores(0)[2 * r + step.runner->actions(0)[r]]);
      cost += static_cast<double>(step.runner->cost(r)) / bag_size;
      const float* scores = step.runner->output(0) + 2 * r;
      right += (scores[1] > scores[0] ? 1 : 0) == step.data.label(static_cast<std::size_t>(r)) ? 1.0 / bag_size : 0;
    }
    const double reward = 0.5 * right + 0.5 * static_cast<double>(test::small_low_cost) / cost;
    reward_sum += reward / bags;
    loss += (reward - sum) * (reward - sum) / bags;
  }
  CHECK(result.control_loss == doctest::Approx(loss));
  CHECK(result.reward == doctest::Approx(reward_sum));
}

TEST_CASE("exploring all actions regresses how far the reward of each is above their mean") {
  Step step;
  step.options.explore = Explore::all;
  step.options.bag = 1;  // the reward of an action is its own row's
  Objective objective(test::small_network(), step.options, {{"scores", LossKind::cross_entropy, 0}}, rows);
  std::vector<double> wanted;
  for (std::int32_t action = 0; action < 2; ++action) {
    step.policy.force(0, action);
    REQUIRE(step.forward().ok());
    step.policy.release();
    const double cost = static_cast<double>(action == 0 ? test::small_high_cost : test::small_low_cost);
    for (std::int64_t r = 0; r < rows; ++r) {
      const float* scores = step.runner->output(0) + 2 * r;
      const bool is_right = (scores[1] > scores[0] ? 1 : 0) == step.data.label(static_cast<std::size_t>(r));
      wanted.push_back((is_right ? 0.5 : 0.0) + 0.5 * static_cast<double>(test::small_low_cost) / cost);
    }
    const BatchView view{rows, 1, step.data.labels().data(), step.samples.data()};
    objective.record_forced(*step.runner, view, 0, action);
  }
  REQUIRE(step.forward().ok());
  step.runner->clear_gradients();
  objective.evaluate(*step.runner, {rows, 1, step.data.labels().data(), step.samples.data()}, step.plan, 1);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t a = 0; a < 2; ++a) {
      const double score = static_cast<double>(step.runner->scores(0)[2 * r + a]);
      const double mean = (wanted[static_cast<std::size_t>(r)] + wanted[static_cast<std::size_t>(rows + r)]) / 2;
      const double expected = -2 * (wanted[static_cast<std::size_t>(a * rows + r)] - mean - score) / rows;
      CHECK(static_cast<double>(step.runner->score_gradient(0)[2 * r + a]) == doctest::Approx(expected).epsilon(1e-5));
    }
  }
}

TEST_CASE("a score that is not finite is reported by the name of its control node and action") {
  Step step;
  step.runner->parameters()[static_cast<std::size_t>(test::small_network().parameters[5].offset + 1)] = std::nanf("");
  const Status status = step.forward();
  CHECK(status.code() == D2NN_NONFINITE_CONTROL);
  CHECK(status.message().find("control node `Q` gives action `low` the score nan") != std::string::npos);
}

TEST_CASE("exploration is drawn per sample and a forced action is taken by all") {
  Step step;
  step.plan.epsilon = 1;
  REQUIRE(step.forward().ok());
  const std::vector<std::int32_t> drawn(step.runner->actions(0), step.runner->actions(0) + rows);
  REQUIRE(step.forward().ok());
  CHECK(drawn == std::vector<std::int32_t>(step.runner->actions(0), step.runner->actions(0) + rows));
  // The samples in reverse order: each keeps its action, whatever row it stands in.
  std::reverse(step.samples.begin(), step.samples.end());
  REQUIRE(step.forward().ok());
  for (std::size_t r = 0; r < rows; ++r) CHECK(step.runner->actions(0)[r] == drawn[rows - 1 - r]);
  step.policy.force(0, 1);
  REQUIRE(step.forward().ok());
  for (std::size_t r = 0; r < rows; ++r) CHECK(step.runner->actions(0)[r] == 1);
}
