// Whole trainings of the small network: it learns, cost follows lambda, the same seed gives the same bits, and an
// interrupted run that is resumed equals one that never stopped.
#include "train/trainer.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "exec/frame_state.h"
#include "small_network.h"
#include "weights/safetensors.h"

using namespace d2nn;
using namespace d2nn::train;

namespace {

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("d2nn_trainer_test_" + std::to_string(getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
};

/// Counts what it is told, and sets a flag after a number of steps.
struct Watch final : Progress {
  std::vector<std::string> warnings;
  std::vector<StepInfo> steps;
  std::int64_t first_step = -1;
  std::int64_t stop_after = -1;
  volatile std::sig_atomic_t flag = 0;

  void begin(const RunInfo& info) override { first_step = info.first_step; }
  void step(const StepInfo& info) override {
    steps.push_back(info);
    if (info.step == stop_after) flag = 1;
  }
  void warn(std::string_view sentence) override { warnings.emplace_back(sentence); }
};

TrainOptions quick_options() {
  TrainOptions options;
  options.epochs = 30;
  options.learning_rate = 0.01;
  options.threads = 1;
  options.holdout = 0.25;
  return options;
}

Result<TrainReport> run(const TrainOptions& options, Watch& watch, const datasets::Dataset& data) {
  return train::train(test::small_network(), data, options, watch, &watch.flag);
}

TrainReport trained(const TrainOptions& options) {
  Watch watch;
  const datasets::Dataset data = test::small_data(1600, 1);
  auto report = run(options, watch, data);
  INFO(report.status().message());
  REQUIRE(report.ok());
  return *std::move(report);
}

double relative_cost(const Evaluation& evaluation) {
  return evaluation.mean_cost / static_cast<double>(test::small_high_cost);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a network learns to be right, and to be cheap where that is easy") {
  TrainOptions options = quick_options();
  options.lambda = 0.9;
  options.epochs = 60;
  const TrainReport report = trained(options);
  CHECK(report.evaluation.accuracy > 0.88);  // the low path alone gets about 0.77
  CHECK(report.evaluation.samples == 400);
  // Half of the samples are easy: a good policy sends those down the low path, and no sample needs more.
  CHECK(relative_cost(report.evaluation) < 0.85);
  CHECK(report.evaluation.actions[0][0] > 100);
  CHECK(report.evaluation.actions[0][1] > 80);
  CHECK(report.history.size() == 60);
}

TEST_CASE("cost alone drives every sample down the cheapest path, the metric alone up the best") {
  TrainOptions options = quick_options();
  options.lambda = 0;
  const TrainReport cheap = trained(options);
  CHECK(cheap.evaluation.mean_cost == doctest::Approx(static_cast<double>(test::small_low_cost)));
  options.lambda = 1;
  const TrainReport right = trained(options);
  CHECK(right.evaluation.accuracy > cheap.evaluation.accuracy + 0.1);
  CHECK(right.evaluation.mean_cost > cheap.evaluation.mean_cost);
}

TEST_CASE("a training is evaluated by the inference code of its module") {
  d2nn_module module = test::small_network();
  // Takes the low path and answers class 1, whatever the weights are.
  module.forward_tile = [](d2nn_frame* frame, std::int64_t rows) -> std::int32_t {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (const std::int64_t node : {test::node_n1, test::node_q, test::node_n3})
        frame->executed[node * frame->capacity + row] = 1;
      frame->actions[row] = 1;
      frame->outputs[0][2 * row] = 0;
      frame->outputs[0][2 * row + 1] = 1;
      frame->valid[0][row] = 1;
    }
    return 0;
  };
  module.forward_one = [](d2nn_frame* frame) -> std::int32_t { return frame->state->module->forward_tile(frame, 1); };
  TrainOptions options = quick_options();
  options.epochs = 2;
  Watch watch;
  const datasets::Dataset data = test::small_data(1600, 1, true);
  const auto report = train::train(module, data, options, watch, &watch.flag);
  INFO(report.status().message());
  REQUIRE(report.ok());
  CHECK(report->evaluation.accuracy == doctest::Approx(0.25).epsilon(0.1));
  CHECK(report->history.size() == 2);
  for (const EpochRecord& record : report->history) {
    CHECK(record.evaluation.accuracy == report->evaluation.accuracy);
    CHECK(record.evaluation.mean_cost == static_cast<double>(test::small_low_cost));
    CHECK(record.evaluation.actions[0] == std::vector<std::int64_t>{0, record.evaluation.samples});
  }
}

TEST_CASE("Q-learning on the outputs learns too, in both forms") {
  TrainOptions options = quick_options();
  options.lambda = 1;
  options.epochs = 60;
  options.losses = {{"scores", LossKind::q_learning_counterfactual, 1}};
  CHECK(trained(options).evaluation.accuracy > 0.85);
  options.losses = {{"scores", LossKind::q_learning_plain, 1}};
  options.bag = 1;
  options.batch = 32;
  CHECK(trained(options).evaluation.accuracy > 0.85);
}

TEST_CASE("exploring all actions finds the cheap path for easy samples with few steps") {
  TrainOptions options = quick_options();
  options.lambda = 0.9;
  options.explore = Explore::all;
  const TrainReport report = trained(options);
  CHECK(report.evaluation.accuracy > 0.85);
  CHECK(relative_cost(report.evaluation) < 0.9);
}

TEST_CASE("F1 is optimised on skewed classes") {
  TrainOptions options = quick_options();
  options.metric = {MetricKind::f1, 1};
  options.lambda = 0.95;
  Watch watch;
  const datasets::Dataset data = test::small_data(1600, 1, true);
  auto report = run(options, watch, data);
  REQUIRE(report.ok());
  CHECK(report->evaluation.metric > 0.8);
}

TEST_CASE("the same seed gives the same bits and another seed others") {
  TrainOptions options = quick_options();
  options.epochs = 3;
  const std::vector<float> first = trained(options).weights;
  CHECK(first == trained(options).weights);
  options.threads = 2;
  const std::vector<float> two_threads = trained(options).weights;
  CHECK(two_threads == trained(options).weights);
  options.threads = 1;
  options.seed = 2;
  CHECK(first != trained(options).weights);
}

TEST_CASE("a resumed run equals an uninterrupted one bit for bit, wherever it stopped") {
  const Folder folder;
  const datasets::Dataset data = test::small_data(600, 1);
  TrainOptions options = quick_options();
  options.epochs = 10;
  options.output_path = folder.file("whole");
  Watch whole_watch;
  auto whole = run(options, whole_watch, data);
  REQUIRE(whole.ok());
  for (const std::int64_t stop_after : {1, 17, 25, 52, 65}) {  // in every stage, between epochs and inside them
    options.output_path = folder.file("parts");
    options.resume = false;
    Watch stopped;
    stopped.stop_after = stop_after;
    auto interrupted = run(options, stopped, data);
    REQUIRE(interrupted.ok());
    CHECK(interrupted->is_interrupted);
    CHECK(interrupted->steps == stop_after);
    CHECK_FALSE(std::filesystem::exists(options.output_path));
    options.resume = true;
    Watch resumed;
    auto rest = run(options, resumed, data);
    INFO(rest.status().message());
    REQUIRE(rest.ok());
    CHECK(resumed.first_step == stop_after);
    CHECK(rest->steps == whole->total_steps);
    CHECK(rest->weights == whole->weights);
    CHECK(rest->best_step == whole->best_step);
    CHECK(rest->evaluation.reward == whole->evaluation.reward);
    REQUIRE(std::filesystem::exists(options.output_path));
    std::filesystem::remove(options.output_path);
  }
}

TEST_CASE("a reward given as an expression trains as the options that mean the same do, bit for bit") {
  TrainOptions options = quick_options();
  options.epochs = 4;
  options.lambda = 0.75;
  options.efficiency_weight = 0.5;
  const TrainReport by_default = trained(options);
  options.reward.assign(std::begin(default_reward), std::end(default_reward));
  options.reward_text = default_reward_text;
  CHECK(trained(options).weights == by_default.weights);
  // The rewards of other choices are of the expression too: those of outputs, and those of actions.
  options = quick_options();
  options.epochs = 4;
  options.lambda = 1;
  options.losses = {{"scores", LossKind::q_learning_counterfactual, 1}};
  options.explore = Explore::all;
  const TrainReport metric_alone = trained(options);
  options.lambda = 0.1;
  options.reward = {reward_step(RewardCode::accuracy)};
  options.reward_text = "accuracy";
  const TrainReport as_expression = trained(options);
  CHECK(as_expression.weights == metric_alone.weights);
  CHECK(as_expression.evaluation.reward == as_expression.evaluation.accuracy);
}

TEST_CASE("a reward beyond 0 and 1 trains, and one that is not finite names the bag and the step") {
  TrainOptions options = quick_options();
  options.epochs = 2;
  options.reward = {reward_step(RewardCode::metric), reward_step(RewardCode::number, D2NN_NO_INDEX, -3),
                    reward_step(RewardCode::multiply)};
  options.reward_text = "metric * -3";
  CHECK(trained(options).evaluation.reward < 0);
  options.reward = {reward_step(RewardCode::number, D2NN_NO_INDEX, 1), reward_step(RewardCode::cost),
                    reward_step(RewardCode::cost), reward_step(RewardCode::subtract), reward_step(RewardCode::divide)};
  options.reward_text = "1 / (cost - cost)";
  Watch watch;
  auto report = run(options, watch, test::small_data(200, 1));
  REQUIRE_FALSE(report.ok());
  CHECK(report.status().code() == D2NN_INVALID_ARGUMENT);
  CHECK(contains(report.status().message(), "the reward of bag 0 at step 0"));
  CHECK(contains(report.status().message(), "`1 / (cost - cost)`"));
}

TEST_CASE("a checkpoint of another reward is refused, naming both") {
  const Folder folder;
  TrainOptions options = quick_options();
  options.epochs = 2;
  options.output_path = folder.file("w");
  trained(options);
  options.resume = true;
  options.reward = {reward_step(RewardCode::accuracy)};
  options.reward_text = "accuracy";
  Watch watch;
  auto report = run(options, watch, test::small_data(1600, 1));
  REQUIRE_FALSE(report.ok());
  CHECK(
      contains(report.status().message(),
               "it was made with `reward: lambda * metric + (1 - lambda) * efficiency_weight * efficiency;`, and this "
               "run has `reward: accuracy;`"));
}

TEST_CASE("the weights kept are the best on the samples held out, and the file holds them") {
  const Folder folder;
  TrainOptions options = quick_options();
  options.epochs = 8;
  options.output_path = folder.file("w.safetensors");
  const TrainReport report = trained(options);
  double best = -1;
  std::int64_t best_step = 0;
  for (const EpochRecord& record : report.history) {
    if (record.stage != Stage::paths && record.evaluation.reward >= best) {
      best = record.evaluation.reward;
      best_step = record.step;
    }
  }
  CHECK(report.evaluation.reward == best);
  CHECK(report.best_step == best_step);
  d2nn_weights_source source{};
  source.struct_size = sizeof source;
  source.kind = D2NN_WEIGHTS_FILE;
  source.path = options.output_path.c_str();
  auto loaded = weights::load(test::small_network(), &source);
  REQUIRE(loaded.ok());
  const d2nn_module& module = test::small_network();
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    for (std::int64_t i = 0; i < module.parameters[p].tensor.elements; ++i) {
      const auto at = static_cast<std::size_t>(module.parameters[p].offset + i);
      CHECK(loaded->values[at] == report.weights[at]);
    }
  }
}

TEST_CASE("without holdout the last weights are kept") {
  TrainOptions options = quick_options();
  options.epochs = 2;
  options.holdout = 0;
  const TrainReport report = trained(options);
  CHECK(report.best_step == report.total_steps);
  CHECK(report.evaluation.samples == 1600);
}

TEST_CASE("a training can start from weights and from the weights of a checkpoint") {
  const Folder folder;
  TrainOptions options = quick_options();
  options.epochs = 2;
  options.holdout = 0;
  options.output_path = folder.file("w");
  const TrainReport first = trained(options);
  options.learning_rate = 1e-9;
  for (const char* start : {"w", "w.checkpoint"}) {
    options.initial_weights = folder.file(start);
    options.output_path = folder.file("again");
    const TrainReport second = trained(options);
    const auto at = static_cast<std::size_t>(test::small_network().parameters[0].offset);
    CHECK(static_cast<double>(second.weights[at]) ==
          doctest::Approx(static_cast<double>(first.weights[at])).epsilon(1e-5));
  }
}

TEST_CASE("a training that diverges says so and keeps the last good checkpoint") {
  const Folder folder;
  TrainOptions options = quick_options();
  options.optimizer = OptimizerKind::sgd;
  options.learning_rate = 1000;
  options.checkpoint_path = folder.file("c");
  Watch watch;
  auto report = run(options, watch, test::small_data(200, 1));
  REQUIRE_FALSE(report.ok());
  CHECK(report.status().code() == D2NN_NONFINITE_CONTROL);
  CHECK(contains(report.status().message(), "the training diverged at step"));
  CHECK(contains(report.status().message(), "smaller --lr"));
}

namespace {

/// Zeros of the small network's shape, all values of one sample as given.
class OneOddSource final : public datasets::Source {
 public:
  OneOddSource(std::size_t odd, float value) : odd_(odd), value_(value) {}
  Status fill(std::size_t index, float* out) const override {
    std::fill_n(out, 4, 0.0F);
    if (index == odd_) std::fill_n(out, 4, value_);
    return {};
  }
  std::string float_file() const override { return "x.npy"; }

 private:
  std::size_t odd_;
  float value_;
};

datasets::Dataset one_odd(std::size_t odd, float value) {
  std::vector<std::int32_t> labels(200);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 2);
  return {std::make_unique<OneOddSource>(odd, value), {4}, std::move(labels), {"0", "1"}, "x.npy: 200 samples"};
}

}  // namespace

TEST_CASE("a value that is not finite is named before anything is trained, held out or not, and --lr is not blamed") {
  for (const std::size_t odd : {std::size_t{0}, std::size_t{77}, std::size_t{199}}) {
    for (const float value : {std::nanf(""), HUGE_VALF}) {
      Watch watch;
      auto report = run(quick_options(), watch, one_odd(odd, value));
      REQUIRE_FALSE(report.ok());
      CHECK(contains(report.status().message(), "`x.npy` holds " + std::string(std::isnan(value) ? "NaN" : "infinity") +
                                                    " in sample " + std::to_string(odd) + " at [0]"));
      CHECK_FALSE(contains(report.status().message(), "--lr"));
      CHECK(watch.steps.empty());
    }
  }
}

TEST_CASE(
    "a training that diverges on data that were never scaled says so, and before any update does not blame --lr") {
  const Folder folder;
  Watch watch;
  TrainOptions options = quick_options();
  options.holdout = 0;
  auto unscaled = run(options, watch, one_odd(3, 3e38F));
  REQUIRE_FALSE(unscaled.ok());
  CAPTURE(unscaled.status().message());
  CHECK(contains(unscaled.status().message(),
                 "scale the data (values up to 3e+38 in magnitude were seen), or train "
                 "again with a smaller --lr (it is 0.01"));
  const std::vector<float> huge(static_cast<std::size_t>(test::small_network().parameter_floats), 3e38F);
  options.initial_weights = folder.file("huge");
  REQUIRE(weights::save(options.initial_weights, weights::parameter_views(test::small_network(), huge)).ok());
  auto at_once = run(options, watch, one_odd(3, 0.5F));
  REQUIRE_FALSE(at_once.ok());
  CAPTURE(at_once.status().message());
  CHECK(contains(at_once.status().message(), "the training diverged at step 0"));
  CHECK(contains(at_once.status().message(), "nothing was updated yet"));
  CHECK(contains(at_once.status().message(), "or start from other weights"));
  CHECK_FALSE(contains(at_once.status().message(), "--lr"));
}

TEST_CASE("a checkpoint of a training on other samples with the same labels is refused") {
  const Folder folder;
  TrainOptions options = quick_options();
  options.epochs = 2;
  options.output_path = folder.file("w");
  Watch watch;
  REQUIRE(run(options, watch, one_odd(5, 0.25F)).ok());
  options.resume = true;
  CHECK(run(options, watch, one_odd(5, 0.25F)).ok());
  auto report = run(options, watch, one_odd(5, 0.5F));
  REQUIRE_FALSE(report.ok());
  CHECK(report.status().code() == D2NN_INVALID_ARGUMENT);
  CHECK(contains(report.status().message(), "it was made with other data"));
}

TEST_CASE("a collapsed control node is reported once, with advice") {
  TrainOptions options = quick_options();
  options.lambda = 0;
  Watch watch;
  REQUIRE(run(options, watch, test::small_data(400, 1)).ok());
  REQUIRE(watch.warnings.size() >= 1);
  std::int64_t about_high = 0;
  for (const std::string& warning : watch.warnings)
    about_high += contains(warning, "control node `Q` takes action `high` for 0.0 %") ? 1 : 0;
  CHECK(about_high == 1);
  CHECK(contains(watch.warnings.back(), "the dearer choice: with --lambda 0 only the cost counts"));
}

TEST_CASE("epsilon starts at one, control weights rest while paths are learned, and the stages come in order") {
  TrainOptions options = quick_options();
  options.epochs = 10;
  Watch watch;
  REQUIRE(run(options, watch, test::small_data(400, 1)).ok());
  CHECK(watch.steps.front().plan.stage == Stage::paths);
  CHECK(watch.steps.front().plan.epsilon == 1.0);
  CHECK(watch.steps.back().plan.stage == Stage::control);
  CHECK(watch.steps.back().plan.epsilon == doctest::Approx(0.05));
  for (std::size_t i = 1; i < watch.steps.size(); ++i) {
    CHECK(watch.steps[i].plan.stage >= watch.steps[i - 1].plan.stage);
    CHECK(watch.steps[i].step == watch.steps[i - 1].step + 1);
  }
}

TEST_CASE("the stage of choice moves control nodes alone, and the regular ones move in joint") {
  const Folder folder;
  TrainOptions options = quick_options();
  options.epochs = 2;
  options.holdout = 0;
  options.stages = {.paths = 1, .choice = 0, .joint = 0, .control = 0};
  options.output_path = folder.file("paths");
  const TrainReport paths = trained(options);
  options.initial_weights = options.output_path;
  options.output_path = folder.file("w");
  const auto moved = [&](StageShares stages, bool is_control) {
    options.stages = stages;
    const TrainReport after = trained(options);
    const d2nn_module& module = test::small_network();
    bool any = false;
    for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
      if ((module.nodes[module.parameters[p].node].kind == D2NN_NODE_CONTROL) != is_control) continue;
      for (std::int64_t i = 0; i < module.parameters[p].tensor.elements; ++i) {
        const auto at = static_cast<std::size_t>(module.parameters[p].offset + i);
        any = any || after.weights[at] != paths.weights[at];
      }
    }
    return any;
  };
  const StageShares choice{.paths = 0, .choice = 1, .joint = 0, .control = 0};
  CHECK(moved(choice, true));
  CHECK_FALSE(moved(choice, false));
  CHECK(moved({.paths = 0, .choice = 1, .joint = 1, .control = 0}, false));
}

TEST_CASE("what does not fit together is refused before the first step") {
  Watch watch;
  const datasets::Dataset data = test::small_data(40, 1);
  const auto message = [&](auto change) {
    TrainOptions options = quick_options();
    change(options);
    auto report = run(options, watch, data);
    CHECK_FALSE(report.ok());
    return report.status().message();
  };
  CHECK(contains(message([](TrainOptions& o) { o.losses = {{"logits"}}; }),
                 "--loss names output `logits`, and network `small` has `scores`"));
  CHECK(contains(message([](TrainOptions& o) { o.metric = {MetricKind::f1, 2}; }), "--metric f1:2 names class 2"));
  CHECK(contains(message([](TrainOptions& o) { o.bag = 100; }), "a bag of 100 samples"));
  CHECK(contains(message([](TrainOptions& o) { o.lambda = -1; }), "--lambda is -1"));
  CHECK(contains(message([](TrainOptions& o) { o.initial_weights = "/nonexistent/w"; }), "/nonexistent/w"));
  const Folder folder;
  const std::string missing = folder.file("none");
  CHECK(contains(message([&](TrainOptions& o) {
                   o.checkpoint_path = missing;
                   o.resume = true;
                 }),
                 missing));
  CHECK(contains(message([](TrainOptions& o) { o.output_path = "/nonexistent/w"; }), "/nonexistent"));
  CHECK(contains(message([](TrainOptions& o) { o.checkpoint_path = "/nonexistent/c"; }), "/nonexistent/c"));
  CHECK(watch.steps.empty());
  d2nn_module untrained = test::small_network();
  untrained.train = nullptr;
  Progress silent;
  auto report = train::train(untrained, data, quick_options(), silent, nullptr);
  CHECK(report.status().code() == D2NN_UNSUPPORTED);
}
