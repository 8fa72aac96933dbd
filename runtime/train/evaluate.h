// Greedy evaluation over a data set: the metric on the whole set (not averaged over bags), mean cost, how often each
// path and each action was taken. Training evaluates with its own code and weights; `d2nn eval` fills the same tally
// through the C interface.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "d2nn/module.h"
#include "status/status.h"
#include "train/datasets/dataset.h"
#include "train/reward.h"
#include "train/step_runner.h"

namespace d2nn::train {

/// One path and the samples that took it.
struct PathCount {
  std::vector<std::int32_t> actions;  // [controls], -1: the control node did not execute
  std::int64_t samples = 0;
  std::int64_t cost = 0;  // multiplications per sample
};

/// What a network did on a set of samples.
struct Evaluation {
  std::int64_t samples = 0;
  std::vector<MetricCounts> counts;                // [outputs]
  std::vector<std::int64_t> null_outputs;          // [outputs]: samples whose output was null
  std::vector<std::vector<std::int64_t>> actions;  // [controls][actions]: samples that took the action
  std::vector<PathCount> paths;                    // most frequent first, ties in order of actions
  double metric = 0;                               // mean over the outputs
  double accuracy = 0;                             // the same for accuracy
  double mean_cost = 0;                            // multiplications per sample
  double reward = 0;
  CostRange cost;  // of the whole network, by which costs are judged
};

/// Adds up samples in any order; the result does not depend on it.
class Tally {
 public:
  Tally(const d2nn_module& module, const Reward& reward);

  /// decisions: [outputs], null_decision where null; actions: [controls].
  void add(std::int32_t label, std::span<const std::int32_t> decisions, std::span<const std::int32_t> actions,
           std::int64_t cost);
  Evaluation result() const;

 private:
  struct OnPath {
    std::int64_t samples = 0;
    std::int64_t cost = 0;
  };
  const d2nn_module& module_;
  Reward reward_;
  Evaluation sums_;
  double cost_ = 0;
  std::map<std::vector<std::int32_t>, OnPath> paths_;
};

/// Runs the listed samples greedily through the training code with the runner's parameters (batch norm with running
/// statistics). D2NN_IO_ERROR: a sample could not be read; D2NN_NONFINITE_CONTROL.
Result<Evaluation> evaluate(StepRunner& runner, const d2nn_module& module, const datasets::Dataset& data,
                            std::span<const std::uint32_t> samples, const Reward& reward, threads::ThreadPool& pool);

/// "Q=high R=-" for a path; "the only path" without control nodes.
std::string path_name(const d2nn_module& module, std::span<const std::int32_t> actions);

}  // namespace d2nn::train
