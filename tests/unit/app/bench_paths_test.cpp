// Which paths `bench` measures, on the hand-written module of four paths.
#include "app/bench_paths.h"

#include <doctest/doctest.h>

#include <memory>
#include <set>

#include "app/random_weights.h"
#include "fake_module.h"

using namespace d2nn;

namespace {

struct Bench {
  explicit Bench(const d2nn_module& module) {
    auto made_model = exec::Model::create(module, nullptr);
    REQUIRE(made_model.ok());
    model = *std::move(made_model);
    auto made_samples = app::BenchSamples::read(module, {}, 64);
    REQUIRE(made_samples.ok());
    samples = std::make_unique<app::BenchSamples>(*std::move(made_samples));
    auto made_context = exec::Context::create(*model, 64, 1);
    REQUIRE(made_context.ok());
    context = *std::move(made_context);
  }

  std::unique_ptr<exec::Model> model;
  std::unique_ptr<app::BenchSamples> samples;
  std::unique_ptr<exec::Context> context;
};

}  // namespace

TEST_CASE("all paths of a small network are found, from the cheapest to the dearest, each once") {
  Bench bench(*fork_module());
  const auto found = app::find_paths(*bench.context, *bench.samples);
  REQUIRE(found.ok());
  CHECK(found->is_complete);
  REQUIRE(found->paths.size() == 4);
  CHECK(found->paths.front().cost == fork_module()->least_cost);
  CHECK(found->paths.back().cost == fork_module()->greatest_cost);
  std::size_t samples = 0;
  std::set<std::vector<std::int32_t>> different;
  for (const app::BenchPath& path : found->paths) {
    samples += path.samples;
    different.insert(path.actions);
  }
  CHECK(samples == 64);
  CHECK(found->samples == 64);
  CHECK(different.size() == 4);
}

TEST_CASE("of many paths the cheapest and the dearest are found by changing decisions, the others by samples") {
  d2nn_module many = *fork_module();
  many.path_count = "18014398509481984";
  Bench bench(many);
  const auto found = app::find_paths(*bench.context, *bench.samples);
  REQUIRE(found.ok());
  CHECK_FALSE(found->is_complete);
  REQUIRE(found->paths.size() >= 2);
  CHECK(found->paths.front().cost == many.least_cost);
  CHECK(found->paths.back().cost == many.greatest_cost);
}

TEST_CASE("a forced path is taken by every sample of a batch") {
  Bench bench(*fork_module());
  const auto found = app::find_paths(*bench.context, *bench.samples);
  REQUIRE(found.ok());
  for (const app::BenchPath& path : found->paths) {
    const std::vector<std::int32_t> forced = app::forced_actions(path);
    std::vector<std::int32_t> actions(64 * path.actions.size());
    std::vector<std::int64_t> costs(64);
    const d2nn_trace trace = {sizeof(trace), actions.data(), nullptr, costs.data()};
    exec::RunRequest request = bench.samples->request(0, 64);
    request.trace = &trace;
    request.forced_actions = forced.data();
    REQUIRE(bench.context->run(request).ok());
    for (const std::int64_t cost : costs) CHECK(cost == path.cost);
  }
  exec::RunRequest free = bench.samples->request(0, 64);  // the context forgets what was forced
  std::vector<std::int64_t> costs(64);
  const d2nn_trace trace = {sizeof(trace), nullptr, nullptr, costs.data()};
  free.trace = &trace;
  REQUIRE(bench.context->run(free).ok());
  CHECK(std::set<std::int64_t>(costs.begin(), costs.end()).size() > 1);
}

TEST_CASE("random weights fit the module and let it run") {
  d2nn_module bare = *fork_module();
  bare.embedded_weights = nullptr;
  const auto bytes = app::random_weights(bare);
  REQUIRE(bytes.ok());
  const d2nn_weights_source memory = {sizeof(memory), D2NN_WEIGHTS_MEMORY, nullptr, bytes->data(), bytes->size()};
  REQUIRE(exec::Model::create(bare, &memory).ok());
  CHECK(*app::random_weights(bare) == *bytes);
}

TEST_CASE("equal answers of neighbours are told once") {
  d2nn_module module = *fork_module();
  CHECK(app::short_path_text(module, {0, -1}).find(" to ") == std::string::npos);
  std::vector<d2nn_control> controls(5, module.controls[0]);
  module.control_count = 5;
  module.controls = controls.data();
  const std::string text = app::short_path_text(module, {0, 0, 0, 1, -1});
  CHECK(text.starts_with("Q to Q: "));
  CHECK(text.ends_with(", Q: skipped"));
  module.control_count = 0;
  CHECK(app::short_path_text(module, {}) == "the only one");
}
