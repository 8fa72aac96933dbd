// Greedy evaluation over a data set: the metric on the whole set (not averaged over bags), mean cost, how often each
// path and each action was taken. It runs the inference code that is shipped, in training too: the weights that are
// kept are the best in what users will run.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "d2nn/module.h"
#include "exec/context.h"
#include "status/status.h"
#include "threads/thread_pool.h"
#include "train/datasets/dataset.h"
#include "train/reward.h"

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

/// Runs the listed samples in batches as large as the context allows; `pool` reads them. A sample costs at most
/// `cost_budget` multiplications (0: any number; exec::check_budget accepted it). D2NN_IO_ERROR: a sample could not be
/// read; D2NN_NONFINITE_CONTROL names one by its place in the list.
Result<Evaluation> evaluate(exec::Context& context, const datasets::Dataset& data,
                            std::span<const std::uint32_t> samples, const Reward& reward, threads::ThreadPool& pool,
                            std::int64_t cost_budget = 0);

/// The same with these parameters, [parameter_floats], packed for the purpose: a tile of samples per thread of the
/// pool. D2NN_INVALID_WEIGHTS: a batch norm cannot be folded into finite weights.
Result<Evaluation> evaluate(const d2nn_module& module, std::span<const float> parameters, const datasets::Dataset& data,
                            std::span<const std::uint32_t> samples, const Reward& reward, threads::ThreadPool& pool);

/// "Q=high R=-" for a path; "the only path" without control nodes.
std::string path_name(const d2nn_module& module, std::span<const std::int32_t> actions);

}  // namespace d2nn::train
