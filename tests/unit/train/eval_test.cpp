// The commands' evaluation: inference code and training code agree on what a network does, and the reports say it.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "small_network.h"
#include "train/eval_command.h"
#include "train/initialise.h"
#include "train/losses.h"
#include "train/report.h"
#include "train/step_runner.h"
#include "weights/safetensors.h"

using namespace d2nn;
using namespace d2nn::train;

namespace {

/// A file of weights with which the small network goes both ways; removed at the end.
struct WeightsFile {
  std::string path = (std::filesystem::temp_directory_path() / ("d2nn_eval_test_" + std::to_string(getpid()))).string();
  std::vector<float> values;

  WeightsFile() : values(static_cast<std::size_t>(test::small_network().parameter_floats)) {
    initialise(test::small_network(), 3, values);
    REQUIRE(weights::save(path, weights::parameter_views(test::small_network(), values)).ok());
  }
  ~WeightsFile() { std::filesystem::remove(path); }
};

}  // namespace

namespace {

/// What the training code decides for these samples, statistics running.
Evaluation evaluate_training_code(std::span<const float> parameters, const datasets::Dataset& data,
                                  const Reward& reward) {
  const d2nn_module& module = test::small_network();
  threads::ThreadPool pool(2);
  auto runner = *StepRunner::create(module, static_cast<std::int64_t>(data.size()), pool);
  std::copy(parameters.begin(), parameters.end(), runner->parameters().begin());
  storage::AlignedFloats inputs(static_cast<std::int64_t>(data.size()) * data.elements());
  std::vector<std::uint64_t> keys(data.size());
  for (std::size_t i = 0; i < data.size(); ++i)
    REQUIRE(data.fill(i, inputs.data() + static_cast<std::int64_t>(i) * data.elements()).ok());
  const float* input = inputs.data();
  ForwardRequest request;
  request.rows = static_cast<std::int64_t>(data.size());
  request.inputs = &input;
  request.samples = keys.data();
  request.is_training = false;
  REQUIRE(runner->forward(request).ok());
  Tally tally(module, reward);
  for (std::int64_t row = 0; row < request.rows; ++row) {
    const std::int64_t columns = module.outputs[0].elements;
    const std::int32_t decision = greatest_score(runner->output(0) + row * columns, columns);
    const std::int32_t action = runner->actions(0)[row];
    tally.add(data.label(static_cast<std::size_t>(row)), {&decision, 1}, {&action, 1}, runner->cost(row));
  }
  return tally.result();
}

}  // namespace

TEST_CASE("training and the command evaluate alike, and the training code decides as they do") {
  const WeightsFile file;
  const datasets::Dataset data = test::small_data(333, 4);
  EvalCommand command;
  command.weights = file.path;
  command.batch = 50;
  command.threads = 2;
  command.reward.metric = {MetricKind::f1, 1};
  auto inferred = evaluate_inference(test::small_network(), data, command);
  INFO(inferred.status().message());
  REQUIRE(inferred.ok());

  threads::ThreadPool pool(2);
  std::vector<std::uint32_t> samples(333);
  std::iota(samples.begin(), samples.end(), 0U);
  Reward reward = command.reward;
  reward.cost = {test::small_low_cost, test::small_high_cost};
  const auto of_training = evaluate(test::small_network(), file.values, data, samples, reward, pool);
  REQUIRE(of_training.ok());
  for (const Evaluation& other : {*of_training, evaluate_training_code(file.values, data, reward)}) {
    CHECK(other.samples == 333);
    CHECK(inferred->metric == other.metric);
    CHECK(inferred->accuracy == other.accuracy);
    CHECK(inferred->mean_cost == other.mean_cost);
    CHECK(inferred->reward == other.reward);
    CHECK(inferred->actions == other.actions);
  }
  CHECK(inferred->actions[0][0] > 0);
  CHECK(inferred->actions[0][1] > 0);
  REQUIRE(inferred->paths.size() == 2);
  CHECK(inferred->paths[0].samples >= inferred->paths[1].samples);
  CHECK(inferred->paths[0].samples + inferred->paths[1].samples == 333);
}

TEST_CASE("a tally counts null outputs as wrong and paths by their actions") {
  Tally tally(test::small_network(), {0.5, {}, EfficiencyKind::inverse, {100, 400}});
  const std::int32_t right = 1, wrong = 0, null = null_decision;
  const std::int32_t high = 0, low = 1, skipped = -1;
  tally.add(1, {&right, 1}, {&high, 1}, 400);
  tally.add(1, {&wrong, 1}, {&low, 1}, 100);
  tally.add(1, {&right, 1}, {&low, 1}, 100);
  tally.add(1, {&null, 1}, {&skipped, 1}, 0);
  const Evaluation evaluation = tally.result();
  CHECK(evaluation.metric == 0.5);
  CHECK(evaluation.mean_cost == 150.0);
  CHECK(evaluation.reward == doctest::Approx(0.5 * 0.5 + 0.5 * 100 / 150));
  CHECK(evaluation.null_outputs[0] == 1);
  CHECK(evaluation.actions[0] == std::vector<std::int64_t>{1, 2});
  REQUIRE(evaluation.paths.size() == 3);
  CHECK(evaluation.paths[0].samples == 2);
  CHECK(path_name(test::small_network(), evaluation.paths[0].actions) == "Q=low");
  CHECK(path_name(test::small_network(), {&skipped, 1}) == "Q=-");

  CHECK(evaluation.cost.least == 100);
  CHECK(evaluation.cost.greatest == 400);

  const std::string text = text_report(test::small_network(), evaluation, {});
  CHECK(text.find("accuracy    0.5000\n") != std::string::npos);
  CHECK(text.find("150.0 multiplications, 37.5 % of the greatest path") != std::string::npos);
  CHECK(text.find("null        1 of output scores\n") != std::string::npos);
  CHECK(text.find("   50.0 %           100  Q=low\n") != std::string::npos);

  const auto json = nlohmann::json::parse(json_report(test::small_network(), evaluation, {}, "metric", "four samples"));
  CHECK(json["network"] == "small");
  CHECK(json["data"] == "four samples");
  CHECK(json["metric"]["name"] == "accuracy");
  CHECK(json["metric"]["value"] == 0.5);
  CHECK(json["outputs"]["scores"]["correct"] == 2);
  CHECK(json["outputs"]["scores"]["null"] == 1);
  CHECK(json["actions"]["Q"]["low"] == 2);
  CHECK(json["paths"][0]["actions"]["Q"] == "low");
  CHECK(json["paths"].size() == 3);
}

TEST_CASE("weights that are missing are refused by name") {
  EvalCommand command;
  command.weights = "/nonexistent/weights";
  auto evaluation = evaluate_inference(test::small_network(), test::small_data(10, 1), command);
  CHECK_FALSE(evaluation.ok());
  CHECK(evaluation.status().message().find("/nonexistent/weights") != std::string::npos);
}
