// Every wrong argument of a run is refused with a sentence, and nothing is written.
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "fork_network.h"
#include "session.h"

using d2nn::tests::ForkBatch;
using d2nn::tests::plain_options;
using d2nn::tests::Session;

namespace {

/// All arguments of a run of eight samples, right at first; a test spoils one.
struct Arguments {
  Arguments() {
    options.valid = valid.data();
    options.trace = &trace;
  }
  ForkBatch data{8, 1};
  std::size_t batch = 8;
  std::array<const float*, 2> inputs = data.inputs();
  std::array<float*, 3> outputs = data.outputs();
  std::array<std::uint8_t*, 3> valid = data.validity();
  d2nn_trace trace{sizeof(d2nn_trace), data.actions.data(), data.executed.data(), data.cost.data()};
  d2nn_run_options options = plain_options();
  const float* const* inputs_argument = inputs.data();
  float* const* outputs_argument = outputs.data();
};

/// Runs with spoiled arguments; gives the message after checking the status and that nothing was written.
std::string refusal(const std::function<void(Arguments&)>& spoil, d2nn_status expected = D2NN_INVALID_ARGUMENT) {
  Session session(8, 2);
  Arguments a;
  spoil(a);
  CHECK(d2nn_run(session.context, a.batch, a.inputs_argument, a.outputs_argument, &a.options) == expected);
  CHECK(a.data.is_untouched());
  CHECK(std::string(d2nn_error_message(session.context)) == d2nn_last_error());
  return d2nn_error_message(session.context);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

template <class T>
T* shifted(T* pointer, std::size_t bytes) {
  return reinterpret_cast<T*>(reinterpret_cast<std::uintptr_t>(pointer) + bytes);
}

}  // namespace

TEST_CASE("right arguments run, with and without options") {
  Session session(8, 2);
  Arguments a;
  CHECK(d2nn_run(session.context, a.batch, a.inputs.data(), a.outputs.data(), &a.options) == D2NN_OK);
  CHECK(a.data.wrong_samples() == 0);
  ForkBatch bare(8, 1);
  const auto inputs = bare.inputs();
  const auto outputs = bare.outputs();
  CHECK(d2nn_run(session.context, 8, inputs.data(), outputs.data(), nullptr) == D2NN_OK);
  CHECK(bare.scores == a.data.scores);
  CHECK(std::string(d2nn_error_message(session.context)).empty());
}

TEST_CASE("batches of nothing and beyond the context are refused") {
  CHECK(refusal([](Arguments& a) { a.batch = 0; }) == "batch is 0, expected 1 to 8");
  CHECK(refusal([](Arguments& a) { a.batch = 9; }) == "batch is 9, this context was made for at most 8");
  CHECK(refusal([](Arguments& a) { a.batch = SIZE_MAX; }) ==
        "batch is 18446744073709551615, this context was made for at most 8");
}

TEST_CASE("missing buffers are refused by name") {
  CHECK(refusal([](Arguments& a) { a.inputs_argument = nullptr; }) ==
        "inputs is NULL, expected an array of 2 pointers");
  CHECK(refusal([](Arguments& a) { a.outputs_argument = nullptr; }) ==
        "outputs is NULL, expected an array of 3 pointers");
  CHECK(refusal([](Arguments& a) { a.inputs[1] = nullptr; }) ==
        "inputs[1] (`y`) is NULL, expected 8 samples of 2 floats");
  CHECK(refusal([](Arguments& a) { a.outputs[2] = nullptr; }) ==
        "outputs[2] (`filled`) is NULL, expected 8 samples of 2 floats");
}

TEST_CASE("misaligned buffers are refused with their address") {
  const std::string input = refusal([](Arguments& a) { a.inputs[0] = shifted(a.inputs[0], 1); });
  CHECK(contains(input, "inputs[0] (`x`) is at 0x"));
  CHECK(contains(input, ", expected an address that 4 divides"));
  CHECK(contains(refusal([](Arguments& a) { a.outputs[0] = shifted(a.outputs[0], 2); }),
                 "outputs[0] (`scores`) is at 0x"));
  CHECK(contains(refusal([](Arguments& a) { a.trace.cost = shifted(a.trace.cost, 4); }),
                 "options->trace->cost is at 0x"));
  CHECK(contains(refusal([](Arguments& a) { a.trace.actions = shifted(a.trace.actions, 3); }),
                 "options->trace->actions is at 0x"));
}

TEST_CASE("a buffer that a run writes may share no byte with another, however they are given") {
  const std::string same = refusal([](Arguments& a) { a.outputs[1] = a.outputs[0]; });
  CHECK(contains(same, "outputs[0] (`scores`) and outputs[1] (`extra`) overlap at 0x"));
  CHECK(contains(refusal([](Arguments& a) { a.outputs[0] = const_cast<float*>(a.inputs[0]) + 31; }),
                 "inputs[0] (`x`) and outputs[0] (`scores`) overlap"));
  CHECK(contains(refusal([](Arguments& a) { a.valid[1] = a.valid[0] + 7; }),
                 "options->valid[0] (`scores`) and options->valid[1] (`extra`) overlap"));
  CHECK(contains(refusal([](Arguments& a) { a.trace.executed = a.valid[2]; }), "options->trace->executed"));
  CHECK(contains(refusal([](Arguments& a) { a.trace.actions = reinterpret_cast<std::int32_t*>(a.trace.cost); }),
                 "overlap"));
}

TEST_CASE("a small buffer inside a large one is found even when another stands between them") {
  // x covers everything, y lies inside it and ends early, the output begins after y but still inside x.
  std::vector<float> memory(64, ForkBatch::sentinel);
  const std::string message = refusal([&](Arguments& a) {
    a.inputs = {memory.data(), memory.data() + 2};
    a.outputs[0] = memory.data() + 20;
  });
  CHECK(contains(message, "inputs[0] (`x`) and outputs[0] (`scores`) overlap"));
  CHECK(memory == std::vector<float>(64, ForkBatch::sentinel));
}

TEST_CASE("buffers that only touch, and inputs that share memory, are well") {
  Session session(8);
  std::vector<float> memory(8 * (4 + 2 + 2 + 2), 0.25f);
  const std::array<const float*, 2> inputs{memory.data(), memory.data() + 16};  // y inside x
  const std::array<float*, 3> outputs{memory.data() + 32, memory.data() + 48, memory.data() + 64};
  CHECK(d2nn_run(session.context, 8, inputs.data(), outputs.data(), nullptr) == D2NN_OK);
}

TEST_CASE("buffers at the end of the address space are refused, not wrapped around") {
  const std::string message =
      refusal([](Arguments& a) { a.inputs[0] = reinterpret_cast<const float*>(UINTPTR_MAX - 7); });
  CHECK(contains(message, "inputs[0] (`x`) is at 0xfffffffffffffff8: 8 samples of 16 bytes from there exceed"));
}

TEST_CASE("structs of another size are refused: not initialised, or of another version") {
  CHECK(refusal([](Arguments& a) { a.options.struct_size = 0; }) ==
        "options->struct_size is 0, this runtime expects 40: set it to sizeof(d2nn_run_options) of the header that "
        "belongs "
        "to this runtime");
  CHECK(
      contains(refusal([](Arguments& a) { a.options.struct_size += 8; }), "options->struct_size is 48, this runtime"));
  CHECK(contains(refusal([](Arguments& a) { a.trace.struct_size = 8; }),
                 "options->trace->struct_size is 8, this runtime expects 32"));
}

TEST_CASE("threads beyond the context's and negative budgets are refused, and budgets where a module has no tables") {
  CHECK(refusal([](Arguments& a) { a.options.threads = 3; }) ==
        "options->threads is 3, this context was made for at most 2");
  CHECK(refusal([](Arguments& a) { a.options.cost_budget = -1; }) ==
        "options->cost_budget is -1, expected 0 (none) or more");
  CHECK(refusal([](Arguments& a) { a.options.cost_budget = 30; }, D2NN_UNSUPPORTED) ==
        "options->cost_budget is 30, but no budget can be kept for `fork`: its decisions depend on each other in too "
        "many ways");
}

TEST_CASE("a run without a context says so in the thread's last error") {
  Arguments a;
  CHECK(d2nn_run(nullptr, 8, a.inputs.data(), a.outputs.data(), nullptr) == D2NN_INVALID_ARGUMENT);
  CHECK(std::string(d2nn_last_error()) == "context is NULL");
  CHECK(std::string(d2nn_error_message(nullptr)) == "context is NULL");
  CHECK(a.data.is_untouched());
}
