// A compiled network in a C++ program: one model, shared by two threads with a context each.
#include <array>
#include <cstdio>
#include <memory>
#include <thread>

#include "gate.h"

namespace {

struct Destroy {
  void operator()(d2nn_model* model) const { d2nn_model_destroy(model); }
  void operator()(d2nn_context* context) const { d2nn_context_destroy(context); }
};

/// Runs one pair in a context of its own; false when that fails.
bool run_pair(const d2nn_model& model, const std::array<float, 2>& pair, std::array<float, 2>& result) {
  d2nn_context* made = nullptr;
  if (d2nn_context_create(&model, 1, &made) != D2NN_OK) return false;
  const std::unique_ptr<d2nn_context, Destroy> context(made);
  return gate_run(made, 1, pair.data(), result.data(), nullptr) == D2NN_OK;
}

}  // namespace

int main() {
  d2nn_model* made = nullptr;
  if (d2nn_model_create(gate_module(), nullptr, &made) != D2NN_OK) {
    std::fprintf(stderr, "%s\n", d2nn_last_error());
    return 1;
  }
  const std::unique_ptr<d2nn_model, Destroy> model(made);

  const std::array<std::array<float, 2>, 2> pairs{{{3.0f, -1.0f}, {-3.0f, 1.0f}}};
  std::array<std::array<float, 2>, 2> results{};
  std::array<bool, 2> well{};
  std::thread other([&] { well[1] = run_pair(*model, pairs[1], results[1]); });
  well[0] = run_pair(*model, pairs[0], results[0]);
  other.join();
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!well[i]) {
      std::fprintf(stderr, "pair %zu could not be run\n", i);
      return 1;
    }
    std::printf("(%g, %g) -> (%g, %g)\n", static_cast<double>(pairs[i][0]), static_cast<double>(pairs[i][1]),
                static_cast<double>(results[i][0]), static_cast<double>(results[i][1]));
  }
}
