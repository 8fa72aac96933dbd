// The compiled training code of generated networks, forward and backward, against the reference interpreter: values,
// gradients of every parameter, running statistics. (The interpreter's own gradients are held against finite
// differences in tests/reference.) More networks: D2NN_SEED=2000 D2NN_PROGRAMS=500 gradients_test --no-skip
// --test-case='more*'
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

#include "diag/render.h"
#include "differential/comparison.h"
#include "differential/program_generator.h"
#include "driver/build.h"
#include "fuzz/from_environment.h"
#include "train/step_runner.h"

using namespace d2nn;

namespace {

constexpr std::size_t rows = 10;
constexpr double tolerance = 2e-3;  // of the largest gradient of a parameter: f32 against double, through many layers

/// An action that is the same for both contestants whatever their rounding.
std::uint32_t action_of(std::size_t row, std::size_t control, std::size_t actions) {
  return static_cast<std::uint32_t>((row * 7 + control * 3 + row / 3) % actions);
}

class FixedPolicy final : public exec::DecisionPolicy {
 public:
  explicit FixedPolicy(const d2nn_module& module) : module_(module) {}
  d2nn_status decide(d2nn_frame& frame, std::uint32_t control, const float*, std::int64_t, const std::int32_t* listed,
                     std::int64_t count) noexcept override {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto row = static_cast<std::size_t>(listed[i]);
      frame.actions[control * frame.capacity + listed[i]] =
          static_cast<std::int32_t>(action_of(row, control, d2nn_module_action_count(&module_, control)));
    }
    return D2NN_OK;
  }

 private:
  const d2nn_module& module_;
};

bool has_layer(const graph::Program& program, std::string_view layer) {
  return std::any_of(program.nodes.begin(), program.nodes.end(), [&](const graph::Node& node) {
    return std::any_of(node.ops.begin(), node.ops.end(), [&](const graph::Op& op) { return op.layer->name == layer; });
  });
}

/// Largest difference relative to the largest expected value (at least `floor`).
double relative_error(std::span<const float> actual, const std::vector<double>& expected, double floor) {
  double largest = floor;
  double error = 0;
  for (const double x : expected) largest = std::max(largest, std::abs(x));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(static_cast<double>(actual[i]) - expected[i]);
    error = std::isnan(difference) ? INFINITY : std::max(error, difference);
  }
  return error / largest;
}

void compare_gradients(driver::Checked& checked, std::uint64_t seed, bool is_training, std::size_t threads) {
  CAPTURE(seed);
  CAPTURE(is_training);
  REQUIRE_FALSE(checked.sink.has_errors());
  const graph::Program program = checked.programs.front();
  if (is_training && has_layer(program, "dropout"))
    return;  // masks are drawn by the kernels; their own tests cover them
  codegen::TargetOptions target;
  target.opt_level = 0;
  const auto compiled = driver::InProcess::compile(checked, true, target);
  REQUIRE(compiled);
  const d2nn_module& module = *compiled->module();

  const auto weights = differential::random_weights(program, seed);
  const auto samples = differential::random_samples(program, rows, seed + 1);
  threads::ThreadPool pool(threads);
  auto created = train::StepRunner::create(module, rows, pool);
  REQUIRE(created.ok());
  train::StepRunner& runner = **created;
  reference::Weights<double> wide;
  for (std::size_t p = 0; p < weights.size(); ++p) {
    std::copy(weights[p].begin(), weights[p].end(), runner.parameters().begin() + module.parameters[p].offset);
    wide.emplace_back(weights[p].begin(), weights[p].end());
  }
  std::vector<std::vector<float>> inputs(module.input_count);
  std::vector<const float*> pointers;
  std::vector<reference::Sample<double>> wide_samples(rows);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::size_t row = 0; row < rows; ++row) {
      inputs[i].insert(inputs[i].end(), samples[row][i].begin(), samples[row][i].end());
      wide_samples[row].emplace_back(samples[row][i].begin(), samples[row][i].end());
    }
    pointers.push_back(inputs[i].data());
  }
  FixedPolicy policy(module);
  const std::vector<std::uint64_t> keys(rows, 0);
  train::ForwardRequest request;
  request.rows = rows;
  request.inputs = pointers.data();
  request.samples = keys.data();
  request.policy = &policy;
  request.is_training = is_training;
  const Status forward = runner.forward(request);
  INFO(forward.message());
  REQUIRE(forward.ok());

  const reference::Interpreter<double> interpreter(program, wide);
  const auto controls = graph::nodes_of(program, graph::NodeKind::control);
  reference::Options<double> options;
  options.mode = is_training ? reference::Mode::train : reference::Mode::eval;
  options.expected_rows = rows;
  options.policy = [&](std::size_t row, graph::NodeId control, std::span<const double> scores) {
    const auto position =
        static_cast<std::size_t>(std::find(controls.begin(), controls.end(), control) - controls.begin());
    return action_of(row, position, scores.size());
  };
  const auto batch = interpreter.forward(wide_samples, options);

  // Random d(loss)/d(score) for every output and control node; the same for both.
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  reference::LossGradients<double> loss;
  loss.outputs.resize(rows);
  loss.scores.resize(rows);
  runner.clear_gradients();
  std::fill(runner.parameter_gradients().begin(), runner.parameter_gradients().end(), 0.0F);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto& result = batch.results[row];
    for (std::uint32_t o = 0; o < module.output_count; ++o) {
      const auto elements = static_cast<std::size_t>(module.outputs[o].elements);
      REQUIRE((runner.valid(o)[row] != 0) == result.outputs[o].has_value());
      reference::Tensor<double> gradient(elements);
      for (std::size_t e = 0; e < elements; ++e) {
        gradient[e] = static_cast<double>(static_cast<float>(normal(random)));
        runner.output_gradient(o)[row * elements + e] = result.outputs[o] ? static_cast<float>(gradient[e]) : 0.0F;
      }
      if (result.outputs[o])
        CHECK(relative_error({runner.output(o) + row * elements, elements}, *result.outputs[o], 1e-2) < 1e-3);
      loss.outputs[row].push_back(std::move(gradient));
    }
    for (std::uint32_t c = 0; c < module.control_count; ++c) {
      const bool executed = result.actions[c].has_value();
      REQUIRE(runner.actions(c)[row] == (executed ? static_cast<std::int32_t>(*result.actions[c]) : -1));
      reference::Tensor<double> gradient(d2nn_module_action_count(&module, c), 0.0);
      if (executed && runner.score_gradient(c)) {
        const std::uint32_t action = *result.actions[c];
        gradient[action] = static_cast<double>(static_cast<float>(normal(random)));
        runner.score_gradient(c)[static_cast<std::int64_t>(row) * runner.score_stride(c) + action] +=
            static_cast<float>(gradient[action]);
      }
      loss.scores[row].push_back(std::move(gradient));
    }
    CHECK(runner.cost(static_cast<std::int64_t>(row)) == result.cost);
  }
  const Status backward = runner.backward();
  INFO(backward.message());
  REQUIRE(backward.ok());
  const auto expected = interpreter.backward(batch, loss);
  // A gradient that cancels to nearly nothing is judged against the size of gradients in this network, not against
  // itself.
  double typical = 1e-2;
  for (const auto& gradient : expected.parameters) {
    for (const double x : gradient) typical = std::max(typical, std::abs(x));
  }
  for (std::size_t p = 0; p < program.parameters.size(); ++p) {
    CAPTURE(program.parameters[p].name);
    const auto offset = static_cast<std::size_t>(module.parameters[p].offset);
    const std::size_t elements = expected.parameters[p].size();
    if (program.parameters[p].is_trained) {
      CHECK(relative_error(runner.parameter_gradients().subspan(offset, elements), expected.parameters[p],
                           1e-2 * typical) < tolerance);
    } else {
      CHECK(relative_error(runner.parameters().subspan(offset, elements), batch.weights_after[p], 1e-2) < 1e-3);
    }
  }
}

void compare_gradients(std::uint64_t seed, bool is_training, std::size_t threads) {
  const differential::GeneratedProgram generated = differential::generate_program(seed);
  driver::Checked checked = driver::check_text("seed" + std::to_string(seed) + ".d2nn", generated.text, {});
  INFO(generated.text);
  compare_gradients(checked, seed, is_training, threads);
}

}  // namespace

TEST_CASE("learned tensors and interpolation agree with the reference, forward and backward, on every path") {
  driver::Checked checked = driver::check_text("learned.d2nn", R"(
block scaled()(x) { return x * parameter([channels(x), 1, 1], start: ones) as scale; }
network learned {
  input image: f32[3, 5, 4];
  node stem { conv(3x3, 4, pad: 1) -> scaled -> upsample(2x3, mode: bilinear) }
  control Q { ((global_avg_pool -> flatten) + parameter(4)) -> dense(actions) }
  node A { scaled -> upsample(3, mode: bilinear) -> global_avg_pool -> flatten }
  node B {
    let x = reshape([4, 120]) -> linear(6) as in_proj_;
    let all = concat(parameter([1, 6], start: normal(0.5)) as token, x) + parameter([5, 6]) as position;
    return (parameter([3, 5]) as mix @ all) -> slice(0, 0, 1) -> dense(4);
  }
  output scores: f32[4] join sum;
  image -> stem -> Q, A, B;
  A, B -> scores default 0.25;
  Q ~> a: A, b: B, both: {A, B};
})",
                                               {});
  INFO(diag::render(checked.sink, checked.files, {}));
  for (const bool is_training : {false, true}) compare_gradients(checked, 3, is_training, 2);
  differential::Comparison comparison;
  comparison.shared_levels = {0};
  std::size_t compared = 0;
  CHECK(differential::compare_all_ways(checked, comparison, compared) == "");
  CHECK(compared > 0);
}

TEST_CASE("small networks of the examples agree with the reference, forward and backward") {
  const std::string examples = std::string(std::getenv("D2NN_SOURCE_DIR")) + "/examples/";
  const std::vector<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>> programs{
      {"vit_tiny/vit_tiny.d2nn", {{"size", "8"}, {"dim", "12"}, {"depth", "2"}, {"heads", "3"}, {"hidden", "20"}}},
      {"early_exit/early_exit.d2nn", {{"size", "24"}}},
      {"mixture_of_experts/mixture_of_experts.d2nn", {{"size", "24"}, {"width", "4"}, {"experts", "3"}}},
      {"squeeze_excite/squeeze_excite.d2nn", {{"n", "1"}, {"widths", "[8, 16, 24]"}}},
      {"mlp_mixer/mlp_mixer.d2nn", {{"depth", "1"}, {"width", "24"}, {"tokens", "12"}, {"inner", "32"}}},
      {"convnext_tiny/convnext_tiny.d2nn",
       {{"classes", "5"}, {"size", "32"}, {"widths", "[6, 8, 10, 12]"}, {"depths", "[1, 1, 2, 1]"}, {"patch", "2"}}}};
  for (const auto& [name, definitions] : programs) {
    CAPTURE(name);
    sema::CheckOptions options;
    options.definitions = definitions;
    driver::Checked checked = driver::check_file(examples + name, options);
    INFO(diag::render(checked.sink, checked.files, {}));
    compare_gradients(checked, 11, true, 2);
    differential::Comparison comparison;
    comparison.samples = 6;
    comparison.shared_levels = {};
    std::size_t compared = 0;
    CHECK(differential::compare_all_ways(checked, comparison, compared) == "");
    CHECK(compared > 0);
  }
}

TEST_CASE("gradients of 60 generated networks agree with the reference") {
  for (std::uint64_t seed = 1001; seed <= 1060; ++seed) compare_gradients(seed, false, 1 + seed % 2);
}

TEST_CASE("gradients and running statistics in training mode agree with the reference") {
  for (std::uint64_t seed = 1061; seed <= 1120; ++seed) compare_gradients(seed, true, 1 + seed % 2);
}

TEST_CASE("more: gradients of networks from D2NN_SEED on agree with the reference" * doctest::skip()) {
  const std::uint64_t seed = from_environment("D2NN_SEED", 2000), networks = from_environment("D2NN_PROGRAMS", 300);
  for (std::uint64_t i = 0; i < networks; ++i) compare_gradients(seed + i, i % 2 == 0, 1 + i / 2 % 2);
}
