// Runs of the hand-written module: values, paths, tiles, threads, failures, the floating-point mode.
#include <doctest/doctest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <thread>

#include "d2nn/module.h"
#include "exec/context.h"
#include "exec/model.h"
#include "fake_module.h"
#include "fork_network.h"

using d2nn::Status;
using d2nn::exec::Context;
using d2nn::exec::Model;
using d2nn::exec::RunRequest;
using d2nn::tests::ForkBatch;

namespace {

std::unique_ptr<Model> model_of(const d2nn_module& module) {
  auto model = Model::create(module, nullptr);
  REQUIRE_MESSAGE(model.ok(), model.status().message());
  return *std::move(model);
}

std::unique_ptr<Context> context_of(const Model& model, std::size_t max_batch, std::size_t threads) {
  auto context = Context::create(model, max_batch, threads);
  REQUIRE_MESSAGE(context.ok(), context.status().message());
  return *std::move(context);
}

Status run(Context& context, ForkBatch& batch, std::size_t threads = 0) {
  const auto inputs = batch.inputs();
  const auto outputs = batch.outputs();
  const auto valid = batch.validity();
  const d2nn_trace trace = {sizeof(trace), batch.actions.data(), batch.executed.data(), batch.cost.data()};
  return context.run({.batch = batch.size,
                      .inputs = inputs.data(),
                      .outputs = outputs.data(),
                      .valid = valid.data(),
                      .trace = &trace,
                      .threads = threads});
}

}  // namespace

TEST_CASE("each sample gets the outputs, the path and the cost of the language, at any batch size") {
  const auto model = model_of(*fork_module());
  const auto context = context_of(*model, 100, 2);
  for (std::size_t size : {1u, 2u, 3u, 4u, 5u, 8u, 9u, 63u, 100u}) {
    ForkBatch batch(size, static_cast<std::uint32_t>(size));
    const Status status = run(*context, batch);
    REQUIRE_MESSAGE(status.ok(), status.message());
    CHECK(batch.wrong_samples() == 0);
  }
}

TEST_CASE("the test batches take every path") {
  ForkBatch batch(100, 100);
  std::array<int, 4> taken{};
  for (std::size_t i = 0; i < batch.size; ++i) {
    const auto answer = d2nn::tests::fork_answer(&batch.x[i * 4], &batch.y[i * 2]);
    ++taken[(answer.takes_high ? 2 : 0) + (answer.says_more ? 1 : 0)];
  }
  for (int samples : taken) CHECK(samples > 0);
}

TEST_CASE("results are the same bits for any number of threads") {
  const auto model = model_of(*fork_module());
  ForkBatch reference(77, 5);
  REQUIRE(run(*context_of(*model, 77, 1), reference).ok());
  for (std::size_t threads : {2u, 3u, 4u}) {
    const auto context = context_of(*model, 77, threads);
    for (std::size_t limit : {std::size_t{0}, std::size_t{1}, threads}) {
      ForkBatch batch(77, 5);
      REQUIRE(run(*context, batch, limit).ok());
      CHECK(batch.same_results(reference));
    }
  }
}

TEST_CASE("a batch of n gives what n batches of one give") {
  const auto model = model_of(*fork_module());
  const auto context = context_of(*model, 37, 2);
  ForkBatch whole(37, 9);
  REQUIRE(run(*context, whole).ok());
  ForkBatch assembled(37, 9);
  for (std::size_t i = 0; i < whole.size; ++i) {
    ForkBatch one(1, 0);
    std::copy_n(&whole.x[i * 4], 4, one.x.begin());
    std::copy_n(&whole.y[i * 2], 2, one.y.begin());
    REQUIRE(run(*context, one).ok());
    std::copy_n(one.scores.begin(), 2, &assembled.scores[i * 2]);
    std::copy_n(one.extra.begin(), 2, &assembled.extra[i * 2]);
    std::copy_n(one.filled.begin(), 2, &assembled.filled[i * 2]);
    std::copy_n(one.actions.begin(), 2, &assembled.actions[i * 2]);
    std::copy_n(one.executed.begin(), 6, &assembled.executed[i * 6]);
    assembled.cost[i] = one.cost[0];
    for (std::size_t o = 0; o < 3; ++o) assembled.valid[o][i] = one.valid[o][0];
  }
  CHECK(whole.same_results(assembled));
}

TEST_CASE("a context may be used again and again, with batches of changing size") {
  const auto model = model_of(*fork_module());
  const auto context = context_of(*model, 20, 2);
  for (std::uint32_t round = 0; round < 50; ++round) {
    ForkBatch batch(1 + round % 20, round);
    REQUIRE(run(*context, batch).ok());
    CHECK(batch.wrong_samples() == 0);
  }
}

TEST_CASE("a batch becomes as few tiles as there can be, but one for each thread where all get eight rows") {
  d2nn_module module = *fork_module();
  module.tile_rows = 64;
  CHECK(d2nn::exec::count_tiles(module, 1, 4) == 1);
  CHECK(d2nn::exec::count_tiles(module, 64, 1) == 1);
  CHECK(d2nn::exec::count_tiles(module, 65, 1) == 2);
  CHECK(d2nn::exec::count_tiles(module, 64, 2) == 2);
  CHECK(d2nn::exec::count_tiles(module, 64, 3) == 3);
  CHECK(d2nn::exec::count_tiles(module, 17, 4) == 3);
  CHECK(d2nn::exec::count_tiles(module, 130, 2) == 4);
  module.tile_rows = 8;
  CHECK(d2nn::exec::count_tiles(module, 20, 8) == 3);
}

TEST_CASE("contexts of one model run at the same time on threads of their own") {
  const auto model = model_of(*fork_module());
  std::array<std::size_t, 4> wrong{1, 1, 1, 1};
  {
    std::vector<std::thread> callers;
    for (std::size_t& count : wrong) {
      callers.emplace_back([&] {
        auto context = Context::create(*model, 33, 2);
        if (!context.ok()) return;
        count = 0;
        for (std::uint32_t round = 0; round < 30; ++round) {
          ForkBatch batch(33, round);
          count += run(**context, batch).ok() ? batch.wrong_samples() : 1;
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
  }
  for (std::size_t count : wrong) CHECK(count == 0);
}

TEST_CASE("validity and trace may be left out, whole or in part") {
  const auto model = model_of(*fork_module());
  const auto context = context_of(*model, 10, 1);
  ForkBatch full(10, 3);
  REQUIRE(run(*context, full).ok());

  ForkBatch bare(10, 3);
  const auto inputs = bare.inputs();
  const auto outputs = bare.outputs();
  REQUIRE(context->run({.batch = 10, .inputs = inputs.data(), .outputs = outputs.data()}).ok());
  CHECK(bare.scores == full.scores);
  CHECK(bare.filled == full.filled);

  ForkBatch part(10, 3);
  const auto part_inputs = part.inputs();
  const auto part_outputs = part.outputs();
  auto valid = part.validity();
  valid[0] = nullptr;
  const d2nn_trace trace = {sizeof(trace), nullptr, nullptr, part.cost.data()};
  REQUIRE(context
              ->run({.batch = 10,
                     .inputs = part_inputs.data(),
                     .outputs = part_outputs.data(),
                     .valid = valid.data(),
                     .trace = &trace})
              .ok());
  CHECK(part.valid[1] == full.valid[1]);
  CHECK(part.valid[0] == std::vector<std::uint8_t>(10, ForkBatch::byte_sentinel));
  CHECK(part.cost == full.cost);
  CHECK(part.actions == std::vector<std::int32_t>(20, -77));
}

TEST_CASE("a score that is not finite names the first such sample and its control node, and no output is valid") {
  const auto model = model_of(*fork_module());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  for (std::size_t threads : {1u, 2u, 4u}) {
    const auto context = context_of(*model, 40, threads);
    ForkBatch batch(40, 1);
    batch.x[4 * 31] = nan;
    batch.x[4 * 18 + 2] = nan;
    batch.y[2 * 22] = infinite;
    const Status status = run(*context, batch);
    CHECK(status.code() == D2NN_NONFINITE_CONTROL);
    CHECK(status.message() ==
          "control node `Q` cannot decide for sample 18: its score for action `high` is NaN; look for NaN, infinite or "
          "very large values in that sample and in the weights");
    for (const auto& bytes : batch.valid) CHECK(bytes == std::vector<std::uint8_t>(40, 0));

    ForkBatch good(40, 2);
    REQUIRE(run(*context, good).ok());
    CHECK(good.wrong_samples() == 0);
  }
}

TEST_CASE("a later control node that fails for an earlier sample of the same tile is the one named") {
  const auto model = model_of(*fork_module());
  const auto context = context_of(*model, 8, 1);
  ForkBatch batch(8, 1);
  batch.x[4 * 7] = std::numeric_limits<float>::quiet_NaN();  // Q, which decides first
  batch.y[2 * 5] = -std::numeric_limits<float>::infinity();  // R
  const Status status = run(*context, batch);
  CHECK(status.code() == D2NN_NONFINITE_CONTROL);
  CHECK(status.message().find(
            "control node `R` cannot decide for sample 5: its score for action `more` is -infinity") == 0);
}

TEST_CASE("a single sample with a score that is not finite is sample 0") {
  const auto model = model_of(*fork_module());
  const auto context = context_of(*model, 1, 1);
  ForkBatch batch(1, 1);
  batch.y[1] = std::numeric_limits<float>::quiet_NaN();
  const Status status = run(*context, batch);
  CHECK(status.code() == D2NN_NONFINITE_CONTROL);
  CHECK(status.message().find("control node `R` cannot decide for sample 0: its score for action `more` is NaN") == 0);
  CHECK(batch.valid[0][0] == 0);
}

TEST_CASE("a status that compiled code returns without a reason is reported with the samples it is about") {
  d2nn_module broken = *fork_module();
  broken.forward_tile = [](d2nn_frame*, std::int64_t) -> std::int32_t { return D2NN_INTERNAL_ERROR; };
  const auto model = model_of(broken);
  const auto context = context_of(*model, 10, 2);
  ForkBatch batch(10, 1);
  const Status status = run(*context, batch);
  CHECK(status.code() == D2NN_INTERNAL_ERROR);
  CHECK(status.message() == "the code of module `fork` failed for samples 0 to 3 with status 9");
  CHECK(batch.valid[2] == std::vector<std::uint8_t>(10, 0));
}

TEST_CASE("subnormals are flushed inside a run, in every thread, and the caller's mode comes back") {
  // The output is the product of the two inputs; both code paths.
  d2nn_module product = *fork_module();
  product.forward_one = [](d2nn_frame* frame) -> std::int32_t {
    frame->outputs[0][0] = frame->inputs[0][0] * frame->inputs[1][0];
    return 0;
  };
  product.forward_tile = [](d2nn_frame* frame, std::int64_t rows) -> std::int32_t {
    for (std::int64_t row = 0; row < rows; ++row) {
      frame->outputs[0][row * 2] = frame->inputs[0][row * 4] * frame->inputs[1][row * 2];
    }
    return 0;
  };
  const auto model = model_of(product);
  const auto context = context_of(*model, 64, 2);
  volatile float small = FLT_MIN;
  REQUIRE(std::fpclassify(small * 0.5f) == FP_SUBNORMAL);
  for (std::size_t size : {1u, 64u}) {
    ForkBatch batch(size, 1);
    std::fill(batch.x.begin(), batch.x.end(), FLT_MIN);
    std::fill(batch.y.begin(), batch.y.end(), 0.5f);
    REQUIRE(run(*context, batch).ok());
    std::size_t flushed = 0;
    for (std::size_t i = 0; i < size; ++i) flushed += batch.scores[i * 2] == 0.0f;
    CHECK(flushed == size);
    CHECK(std::fpclassify(small * 0.5f) == FP_SUBNORMAL);
  }
}

TEST_CASE("a context refuses batches and threads that cannot be") {
  const auto model = model_of(*fork_module());
  CHECK(Context::create(*model, 0, 1).status().message() == "max_batch is 0, it must be at least 1");
  const auto huge = Context::create(*model, SIZE_MAX / 2, 1);
  CHECK(huge.status().code() == D2NN_INVALID_ARGUMENT);
  CHECK(huge.status().message().find("samples of input `x` exceed the address space") != std::string::npos);
  CHECK(Context::create(*model, 8, 100000).status().message() == "threads is 100000, it must be at most 4096");
}
