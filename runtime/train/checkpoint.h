// Checkpoints: a safetensors file with everything a run needs to go on as if it had never stopped. The weights stand
// under their own names; "checkpoint.best.NAME", "checkpoint.first.NAME" and "checkpoint.second.NAME" are the best
// weights so far and the optimiser's state; the rest is text in `__metadata__`. Random numbers are functions of (seed,
// step), so the step is their position. Written aside and renamed: a full disk or a crash leaves the former checkpoint
// as it was.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "d2nn/module.h"
#include "status/status.h"
#include "train/collapse.h"
#include "train/datasets/dataset.h"
#include "train/optimiser.h"

namespace d2nn::train {

/// Prefix of the tensors of a checkpoint that are not the weights themselves.
inline constexpr std::string_view checkpoint_prefix = "checkpoint.";

/// Where a run stands. The spans belong to the trainer.
struct RunState {
  std::int64_t step = 0;     // steps done
  std::span<float> weights;  // [parameter_floats]
  OptimiserState optimiser;
  bool has_best = false;
  std::span<float> best;  // [parameter_floats]
  double best_reward = 0;
  std::int64_t best_step = 0;
  CollapseState collapse;
  double seconds = 0;  // of training so far, for the report alone
};

/// A hash of what a checkpoint's numbers mean: the network's name, nodes, actions, parameters, layers and costs.
std::string program_identity(const d2nn_module& module);
/// What a data set holds, whatever its files are called: number and shape of the samples, a hash of all labels, and one
/// of samples: of every one where all are at most 16 MiB as f32, else of evenly spaced ones, as many as that holds and
/// at least 256, the first and the last among them. D2NN_IO_ERROR: a sample cannot be read.
Result<std::string> data_identity(const datasets::Dataset& data);

/// settings: of options.h. D2NN_IO_ERROR: nothing was changed at `path`.
Status save_checkpoint(const std::string& path, const d2nn_module& module,
                       const std::vector<std::pair<std::string, std::string>>& settings, const std::string& data,
                       const RunState& state);

/// Fills `state` (its spans must be there). D2NN_IO_ERROR: missing or unreadable. D2NN_INVALID_WEIGHTS: damaged, or not
/// a checkpoint. D2NN_INVALID_ARGUMENT: of another program, other data or other options; the message names the first
/// difference.
Status load_checkpoint(const std::string& path, const d2nn_module& module,
                       const std::vector<std::pair<std::string, std::string>>& settings, const std::string& data,
                       RunState& state);

}  // namespace d2nn::train
