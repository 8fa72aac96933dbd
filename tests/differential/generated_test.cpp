// Generated programs against the reference interpreter, in every way they can run. A failure prints the seed and the
// program. More programs: D2NN_SEED=1000 D2NN_PROGRAMS=500 generated_test --no-skip --test-case='more*'
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "diag/render.h"
#include "differential/comparison.h"
#include "differential/compiled_network.h"
#include "differential/program_generator.h"
#include "fuzz/from_environment.h"

using namespace d2nn;

namespace {

void compare_seeds(std::uint64_t begin, std::uint64_t end) {
  std::size_t compared = 0;
  for (std::uint64_t seed = begin; seed < end; ++seed) {
    const differential::GeneratedProgram program = differential::generate_program(seed);
    driver::Checked checked = driver::check_text("seed" + std::to_string(seed) + ".d2nn", program.text, {});
    INFO(program.text);
    INFO(diag::render(checked.sink, checked.files, {}));
    CAPTURE(seed);
    REQUIRE_FALSE(checked.sink.has_errors());
    differential::Comparison comparison;
    comparison.seed = seed;
    // Every program at -O3 in process and at -O0 as a shared library; every fifth the other way round too (compiling
    // costs most).
    comparison.jit_levels = seed % 5 == 0 ? std::vector<int>{3, 0} : std::vector<int>{3};
    comparison.shared_levels = seed % 5 == 0 ? std::vector<int>{3, 0} : std::vector<int>{0};
    CHECK(differential::compare_all_ways(checked, comparison, compared) == "");
  }
  // Most samples must have decided clearly, else the comparison proves little.
  CHECK(compared > (end - begin) * 12 * 9 / 10);
}

/// "" when every value is of the same kind (NaN, an infinity, finite) and finite ones agree within 1e-4 of the largest.
std::string kind_difference(const differential::Outcome& expected, const differential::Outcome& actual) {
  if (expected.actions != actual.actions || expected.valid != actual.valid) return "another path";
  for (std::size_t o = 0; o < expected.outputs.size(); ++o) {
    if (!expected.valid[o]) continue;
    double largest = 0;
    for (const float value : expected.outputs[o])
      if (std::isfinite(value)) largest = std::max(largest, std::abs(static_cast<double>(value)));
    for (std::size_t i = 0; i < expected.outputs[o].size(); ++i) {
      const double want = static_cast<double>(expected.outputs[o][i]);
      const double got = static_cast<double>(actual.outputs[o][i]);
      const bool is_same = std::isnan(want)   ? std::isnan(got)
                           : std::isinf(want) ? want == got
                                              : std::abs(want - got) <= 1e-4 * largest;
      if (!is_same)
        return "output " + std::to_string(o) + "[" + std::to_string(i) + "] is " + std::to_string(got) + ", not " +
               std::to_string(want);
    }
  }
  return "";
}

/// Samples with one value that is not finite, by the compiled program and by the reference, alone and in one batch.
void compare_nonfinite(driver::Checked& checked, std::uint64_t seed, std::size_t& compared) {
  const graph::Program program = checked.programs.front();
  const reference::Weights<float> weights = differential::random_weights(program, seed);
  const float odd[] = {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                       std::numeric_limits<float>::quiet_NaN()};
  std::vector<reference::Sample<float>> samples;
  std::vector<differential::Outcome> expected;
  const reference::Interpreter<float> interpreter(program, weights);
  std::size_t number = 0;
  for (reference::Sample<float> sample : differential::random_samples(program, 9, seed + 1)) {
    auto& input = sample[number % sample.size()];
    input[(number * 7919 + seed) % input.size()] = odd[number % 3];
    ++number;
    const auto result = interpreter.run_sample(sample);
    if (result.error || differential::decision_margin(result) < 1e-3)
      continue;  // a score that is not finite, or a close one
    samples.push_back(sample);
    expected.push_back(differential::reference_outcome(program, result));
  }
  if (samples.empty()) return;
  const auto compiled = driver::InProcess::compile(checked, false, {});
  REQUIRE(compiled);
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  differential::Network network(compiled->module(), differential::safetensors(program, weights), samples.size(), 1);
  const auto batch = network.run(samples, order);
  for (const std::size_t i : order) {
    CAPTURE(i);
    CHECK(kind_difference(expected[i], batch[i]) == "");
    CHECK(kind_difference(expected[i], network.run(samples, {i}).front()) == "");
  }
  compared += samples.size();
}

driver::Checked checked_text(const std::string& text) {
  driver::Checked checked = driver::check_text("nonfinite.d2nn", text, {});
  INFO(diag::render(checked.sink, checked.files, {}));
  REQUIRE_FALSE(checked.sink.has_errors());
  return checked;
}

}  // namespace

TEST_CASE("part 1: an infinity or NaN reaches what is computed from it in generated programs, and nothing else") {
  std::size_t compared = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const std::string text = differential::generate_program(seed).text;
    INFO(text);
    driver::Checked checked = checked_text(text);
    compare_nonfinite(checked, seed, compared);
  }
  CHECK(compared > 40);
}

TEST_CASE("part 2: an infinity or NaN goes through a convolution by Winograd's algorithm as through any other") {
  driver::Checked checked = checked_text(R"(network n {
  input x: f32[32, 14, 12];
  input q: f32[4];
  node A { conv(3x3, 32, pad: 1) -> relu -> conv(3x3, 48, pad: 1) -> batch_norm }
  node B { conv(3x3, 32, stride: 2, pad: 1) -> relu -> max_pool(2x2, stride: 2) }
  control Q { dense(actions) }
  output y: f32[48, 14, 12];
  output z: f32[32, 3, 3];
  x -> A -> y;
  x -> B -> z;
  q -> Q;
  Q ~> both: {A, B}, one: A;
})");
  std::size_t compared = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) compare_nonfinite(checked, seed, compared);
  CHECK(compared >= 9);
}

TEST_CASE("part 1: seeds 1 to 100 agree with the reference") {
  compare_seeds(1, 101);
}
TEST_CASE("part 2: seeds 101 to 200 agree with the reference") {
  compare_seeds(101, 201);
}
TEST_CASE("more: seeds from D2NN_SEED on agree with the reference" * doctest::skip()) {
  const std::uint64_t seed = from_environment("D2NN_SEED", 1000);
  compare_seeds(seed, seed + from_environment("D2NN_PROGRAMS", 300));
}
