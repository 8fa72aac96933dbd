// `run` on npy files: outputs, trace, chunks, and nothing half-written when it fails.
#include "app/run_files.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "d2nn/module.h"
#include "fake_module.h"
#include "fork_network.h"
#include "scratch_folder.h"

using d2nn::app::run_files;
using d2nn::app::RunFiles;
using d2nn::exec::Model;
using d2nn::tests::ForkBatch;
using d2nn::tests::ScratchFolder;

namespace {

constexpr std::array<std::int64_t, 1> x_shape{4}, y_shape{2};

std::unique_ptr<Model> fork_model() {
  auto model = Model::create(*fork_module(), nullptr);
  REQUIRE(model.ok());
  return *std::move(model);
}

/// Writes a batch as x.npy and y.npy and asks for everything.
RunFiles prepare(const ScratchFolder& folder, const ForkBatch& batch) {
  folder.write_npy("x.npy", batch.x, x_shape);
  folder.write_npy("y.npy", batch.y, y_shape);
  return {{{"y", folder.path("y.npy")}, {"x", folder.path("x.npy")}}, folder.path("out.npy"), folder.path("t.json"), 0};
}

std::string refusal(const RunFiles& files, d2nn_status expected = D2NN_INVALID_ARGUMENT) {
  const auto summary = run_files(*fork_model(), files);
  CHECK(summary.status().code() == expected);
  return summary.status().message();
}

}  // namespace

TEST_CASE("every output and the trace say what the language says, across chunks") {
  const ScratchFolder folder;
  ForkBatch batch(2500, 3);  // more than two chunks
  const auto summary = run_files(*fork_model(), prepare(folder, batch));
  REQUIRE_MESSAGE(summary.ok(), summary.status().message());
  CHECK(summary->samples == 2500);
  CHECK(folder.files() ==
        std::vector<std::string>{"out.extra.npy", "out.filled.npy", "out.scores.npy", "t.json", "x.npy", "y.npy"});

  batch.scores = folder.read_npy("out.scores.npy");
  batch.extra = folder.read_npy("out.extra.npy");
  batch.filled = folder.read_npy("out.filled.npy");
  const nlohmann::json trace = nlohmann::json::parse(folder.read_text("t.json"));
  CHECK(trace.at("network") == "fork");
  REQUIRE(trace.at("samples").size() == 2500);
  const std::array<const char*, 6> nodes{"N1", "Q", "N2", "N3", "R", "N4"};
  for (std::size_t i = 0; i < batch.size; ++i) {
    const nlohmann::json& sample = trace.at("samples")[i];
    batch.actions[i * 2] = sample.at("actions").at("Q") == "high" ? 0 : 1;
    batch.actions[i * 2 + 1] = sample.at("actions").at("R") == "more" ? 0 : 1;
    const nlohmann::json& executed = sample.at("executed");
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      batch.executed[i * 6 + node] = std::find(executed.begin(), executed.end(), nodes[node]) != executed.end();
    }
    batch.cost[i] = sample.at("cost");
    batch.valid[0][i] = sample.at("valid").at("scores").get<bool>();
    batch.valid[1][i] = sample.at("valid").at("extra").get<bool>();
    batch.valid[2][i] = sample.at("valid").at("filled").get<bool>();
  }
  CHECK(batch.wrong_samples() == 0);
  std::int64_t total = 0;
  for (std::int64_t cost : batch.cost) total += cost;
  CHECK(summary->total_cost == total);
}

TEST_CASE("results do not depend on the number of threads") {
  const ScratchFolder folder;
  RunFiles files = prepare(folder, ForkBatch(300, 3));
  files.threads = 1;
  REQUIRE(run_files(*fork_model(), files).ok());
  const std::string scores = folder.read_text("out.scores.npy");
  const std::string trace = folder.read_text("t.json");
  files.threads = 3;
  REQUIRE(run_files(*fork_model(), files).ok());
  CHECK(folder.read_text("out.scores.npy") == scores);
  CHECK(folder.read_text("t.json") == trace);
}

TEST_CASE("one output goes to the path itself, several to names beside it") {
  d2nn_module one = *fork_module();
  CHECK(d2nn::app::output_path(one, 1, "a/y.npy") == "a/y.extra.npy");
  CHECK(d2nn::app::output_path(one, 0, "results") == "results.scores.npy");
  one.output_count = 1;
  CHECK(d2nn::app::output_path(one, 0, "a/y.npy") == "a/y.npy");
}

TEST_CASE(
    "inputs that are missing, unknown, given twice, unnamed or of other counts are refused, and nothing is written") {
  const ScratchFolder folder;
  const RunFiles good = prepare(folder, ForkBatch(5, 1));
  RunFiles files = good;
  files.inputs.pop_back();
  CHECK(refusal(files) == "the input `x` is missing: give it with --input x=FILE.npy");
  files = good;
  files.inputs[0].name = "z";
  CHECK(refusal(files) == "the network `fork` has no input `z`, it has `x`, `y`");
  files = good;
  files.inputs[0].name = "x";
  CHECK(refusal(files) == "the input `x` is given twice");
  files.inputs[0].name = "";
  CHECK(refusal(files).find("the network `fork` has 2 inputs (`x`, `y`): say which one") == 0);
  folder.write_npy("y.npy", ForkBatch(6, 1).y, y_shape);
  CHECK(refusal(good).find("has 6 samples") != std::string::npos);
  CHECK(folder.files() == std::vector<std::string>{"x.npy", "y.npy"});
}

TEST_CASE(
    "a failure in a later chunk names the sample by its place in the file and leaves older results as they were") {
  const ScratchFolder folder;
  REQUIRE(run_files(*fork_model(), prepare(folder, ForkBatch(10, 1))).ok());
  const std::string older = folder.read_text("out.scores.npy");
  ForkBatch batch(2500, 3);
  batch.x[4 * 2049] = std::numeric_limits<float>::quiet_NaN();
  CHECK(
      refusal(prepare(folder, batch), D2NN_NONFINITE_CONTROL).find("control node `Q` cannot decide for sample 2049") ==
      0);
  CHECK(folder.read_text("out.scores.npy") == older);
  CHECK(folder.files().size() == 6);
}

TEST_CASE("an output that cannot be written is an error that names it") {
  const ScratchFolder folder;
  RunFiles files = prepare(folder, ForkBatch(5, 1));
  files.output = folder.path("no/such/out.npy");
  CHECK(refusal(files, D2NN_IO_ERROR).find("no/such/out.scores.npy") != std::string::npos);
}
