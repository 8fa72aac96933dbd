// A program text taken the whole way, for comparison: checked, compiled (JIT, or a shared library through dlopen),
// weights and inputs drawn from a seed, run through the C ABI and through the reference interpreter.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "d2nn/d2nn.h"
#include "driver/build.h"
#include "reference/interpreter.h"

namespace d2nn::differential {

/// The weights as safetensors bytes.
std::vector<char> safetensors(const graph::Program& program, const reference::Weights<float>& weights);

/// What one sample did, as the C ABI reports it. Nodes and controls are those of the module.
struct Outcome {
  std::vector<std::vector<float>> outputs;
  std::vector<bool> valid;
  std::vector<std::int32_t> actions;  // by control
  std::vector<std::string> executed;  // names of the executed nodes, sorted
  std::int64_t cost = 0;
};

/// A module with weights loaded, ready to run.
class Network {
 public:
  Network(const d2nn_module* module, const std::vector<char>& weights, std::size_t max_batch, std::size_t threads);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Runs samples[order[0]], samples[order[1]], ... as one batch; outcomes in the order of `order`.
  /// `budget`: multiplications a sample may cost at most; 0: no bound.
  std::vector<Outcome> run(const std::vector<reference::Sample<float>>& samples, const std::vector<std::size_t>& order,
                           std::int64_t budget = 0);

 private:
  const d2nn_module* module_;
  d2nn_model* model_ = nullptr;
  d2nn_context* context_ = nullptr;
};

/// What the reference interpreter says of one sample, in the same terms.
Outcome reference_outcome(const graph::Program& program, const reference::SampleResult<float>& result);

/// "" when equal: paths, cost, validity exactly, values within `tolerance` of each output's largest magnitude; else
/// what differs.
std::string difference(const Outcome& expected, const Outcome& actual, double tolerance);

}  // namespace d2nn::differential
