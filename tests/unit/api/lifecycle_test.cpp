// Making and destroying models and contexts through the C interface; where errors are kept; allocations of a run.
#include <array>
#include <cstdio>
#include <fstream>
#include <limits>
#include <thread>

#include "../exec/allocation_count.h"
#include "d2nn/module.h"
#include "fork_network.h"
#include "session.h"

using d2nn::tests::allocations;
using d2nn::tests::ForkBatch;
using d2nn::tests::plain_options;
using d2nn::tests::Session;

namespace {

d2nn_weights_source source_of(d2nn_weights_kind kind) {
  d2nn_weights_source source{};
  source.struct_size = sizeof(source);
  source.kind = kind;
  return source;
}

/// The status and last error of a creation that must fail and must leave NULL.
std::string refusal(const d2nn_weights_source& source, d2nn_status expected) {
  d2nn_model* model = reinterpret_cast<d2nn_model*>(&model);
  CHECK(d2nn_model_create(fork_module(), &source, &model) == expected);
  CHECK(model == nullptr);
  return d2nn_last_error();
}

}  // namespace

TEST_CASE("destroying nothing frees nothing and leaves the last error as it was") {
  CHECK(d2nn_model_create(nullptr, nullptr, nullptr) == D2NN_INVALID_ARGUMENT);
  const std::string before = d2nn_last_error();
  REQUIRE(!before.empty());
  const std::size_t allocated = allocations();
  d2nn_model_destroy(nullptr);
  d2nn_context_destroy(nullptr);
  CHECK(allocations() == allocated);
  CHECK(d2nn_last_error() == before);
}

TEST_CASE("weights come from the module, a file or memory, with the same results") {
  const d2nn_module& fork = *fork_module();
  const std::string path = "api_test_weights.safetensors";
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char*>(fork.embedded_weights), static_cast<std::streamsize>(fork.embedded_size));
  d2nn_weights_source file = source_of(D2NN_WEIGHTS_FILE);
  file.path = path.c_str();
  d2nn_weights_source memory = source_of(D2NN_WEIGHTS_MEMORY);
  memory.data = fork.embedded_weights;
  memory.size = fork.embedded_size;
  const d2nn_weights_source embedded = source_of(D2NN_WEIGHTS_EMBEDDED);
  for (const d2nn_weights_source* source :
       {static_cast<const d2nn_weights_source*>(nullptr), &embedded, static_cast<const d2nn_weights_source*>(&file),
        static_cast<const d2nn_weights_source*>(&memory)}) {
    d2nn_model* model = nullptr;
    d2nn_context* context = nullptr;
    REQUIRE(d2nn_model_create(&fork, source, &model) == D2NN_OK);
    REQUIRE(d2nn_context_create(model, 10, &context) == D2NN_OK);
    ForkBatch batch(10, 4);
    const auto inputs = batch.inputs();
    const auto outputs = batch.outputs();
    auto valid = batch.validity();
    d2nn_trace trace = {sizeof(trace), batch.actions.data(), batch.executed.data(), batch.cost.data()};
    d2nn_run_options options = plain_options();
    options.valid = valid.data();
    options.trace = &trace;
    CHECK(d2nn_run(context, 10, inputs.data(), outputs.data(), &options) == D2NN_OK);
    CHECK(batch.wrong_samples() == 0);
    d2nn_context_destroy(context);
    d2nn_model_destroy(model);
  }
  std::remove(path.c_str());
}

TEST_CASE("a weights source that names nothing, or of another version, is refused") {
  CHECK(refusal(source_of(D2NN_WEIGHTS_FILE), D2NN_INVALID_ARGUMENT) ==
        "source->path is NULL, expected the path of a safetensors file");
  CHECK(refusal(source_of(D2NN_WEIGHTS_MEMORY), D2NN_INVALID_ARGUMENT) ==
        "source->data is NULL, expected the bytes of a safetensors file");
  d2nn_weights_source wrong = source_of(D2NN_WEIGHTS_EMBEDDED);
  wrong.struct_size = 3;
  CHECK(refusal(wrong, D2NN_INVALID_ARGUMENT).find("source->struct_size is 3, this runtime expects 40") == 0);
}

TEST_CASE("weights that cannot be read or are damaged are refused with their name") {
  d2nn_weights_source file = source_of(D2NN_WEIGHTS_FILE);
  file.path = "no/such/weights.safetensors";
  CHECK(refusal(file, D2NN_IO_ERROR).find("no/such/weights.safetensors") != std::string::npos);
  d2nn_weights_source memory = source_of(D2NN_WEIGHTS_MEMORY);
  memory.data = fork_module()->embedded_weights;
  memory.size = fork_module()->embedded_size - 1;
  CHECK(!refusal(memory, D2NN_INVALID_WEIGHTS).empty());
}

TEST_CASE("missing arguments of creation are named") {
  d2nn_model* model = nullptr;
  d2nn_context* context = nullptr;
  CHECK(d2nn_model_create(nullptr, nullptr, &model) == D2NN_INVALID_ARGUMENT);
  CHECK(std::string(d2nn_last_error()) == "module is NULL");
  CHECK(d2nn_model_create(fork_module(), nullptr, nullptr) == D2NN_INVALID_ARGUMENT);
  CHECK(std::string(d2nn_last_error()) == "model is NULL");
  CHECK(d2nn_context_create(nullptr, 1, &context) == D2NN_INVALID_ARGUMENT);
  CHECK(std::string(d2nn_last_error()) == "model is NULL");
  REQUIRE(d2nn_model_create(fork_module(), nullptr, &model) == D2NN_OK);
  CHECK(d2nn_context_create(model, 1, nullptr) == D2NN_INVALID_ARGUMENT);
  CHECK(std::string(d2nn_last_error()) == "context is NULL");
  CHECK(d2nn_context_create(model, 0, &context) == D2NN_INVALID_ARGUMENT);
  CHECK(context == nullptr);
  CHECK(d2nn_context_create_with(model, nullptr, &context) == D2NN_INVALID_ARGUMENT);
  d2nn_context_options options = {1, 4, 1};
  CHECK(d2nn_context_create_with(model, &options, &context) == D2NN_INVALID_ARGUMENT);
  CHECK(std::string(d2nn_last_error()).find("options->struct_size is 1") == 0);
  d2nn_model_destroy(model);
}

TEST_CASE("a context too large for memory is refused, not fatal") {
  d2nn_module vast = *fork_module();
  vast.arena_bytes = INT64_MAX / 2;
  d2nn_model* model = nullptr;
  d2nn_context* context = nullptr;
  REQUIRE(d2nn_model_create(&vast, nullptr, &model) == D2NN_OK);
  CHECK(d2nn_context_create(model, 1, &context) == D2NN_OUT_OF_MEMORY);
  CHECK(context == nullptr);
  CHECK(std::string(d2nn_last_error()) == "out of memory");
  d2nn_model_destroy(model);
}

TEST_CASE("each context keeps its own error, each thread its own last one") {
  Session first(2), second(2);
  CHECK(d2nn_run(first.context, 0, nullptr, nullptr, nullptr) == D2NN_INVALID_ARGUMENT);
  CHECK(d2nn_run(second.context, 3, nullptr, nullptr, nullptr) == D2NN_INVALID_ARGUMENT);
  CHECK(std::string(d2nn_error_message(first.context)) == "batch is 0, expected 1 to 2");
  CHECK(std::string(d2nn_error_message(second.context)) == "batch is 3, this context was made for at most 2");
  CHECK(std::string(d2nn_last_error()) == "batch is 3, this context was made for at most 2");
  std::string elsewhere = "never asked";
  std::thread([&] { elsewhere = d2nn_last_error(); }).join();
  CHECK(elsewhere.empty());
}

TEST_CASE("a score that is not finite reaches the caller with sample and node, and every validity byte is 0") {
  Session session(6, 2);
  ForkBatch batch(6, 1);
  batch.y[2 * 4] = std::numeric_limits<float>::quiet_NaN();
  const auto inputs = batch.inputs();
  const auto outputs = batch.outputs();
  auto valid = batch.validity();
  d2nn_run_options options = plain_options();
  options.valid = valid.data();
  CHECK(d2nn_run(session.context, 6, inputs.data(), outputs.data(), &options) == D2NN_NONFINITE_CONTROL);
  CHECK(std::string(d2nn_error_message(session.context)).find("control node `R` cannot decide for sample 4") == 0);
  for (const auto& bytes : batch.valid) CHECK(bytes == std::vector<std::uint8_t>(6, 0));
}

TEST_CASE("a run through the C interface allocates nothing") {
  Session session(32, 2);
  for (std::size_t size : {1u, 5u, 32u}) {
    ForkBatch batch(size, 7);
    const auto inputs = batch.inputs();
    const auto outputs = batch.outputs();
    auto valid = batch.validity();
    d2nn_trace trace = {sizeof(trace), batch.actions.data(), batch.executed.data(), batch.cost.data()};
    d2nn_run_options options = plain_options();
    options.valid = valid.data();
    options.trace = &trace;
    const std::size_t before = allocations();
    const d2nn_status status = d2nn_run(session.context, size, inputs.data(), outputs.data(), &options);
    CHECK(allocations() - before == 0);
    CHECK(status == D2NN_OK);
    CHECK(batch.wrong_samples() == 0);
  }
}
