// The door of the training harness: trains the parameters of a compiled module, JIT-made or linked, on a data set.
// Formulas, schedules and every option are in docs/training.md.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include "d2nn/module.h"
#include "status/status.h"
#include "train/datasets/dataset.h"
#include "train/evaluate.h"
#include "train/options.h"
#include "train/progress.h"

namespace d2nn::train {

/// One greedy evaluation of a run.
struct EpochRecord {
  std::int64_t step = 0;
  Stage stage = Stage::joint;
  Evaluation evaluation;
};

/// What a training came to.
struct TrainReport {
  bool is_interrupted = false;  // the stop flag was set; the checkpoint is written if it has a path
  std::int64_t steps = 0;       // done, those before a resume included
  std::int64_t total_steps = 0;
  std::int64_t steps_per_epoch = 0;
  std::vector<float> weights;  // [parameter_floats]: the best on the samples held out, or the last without holdout
  std::int64_t best_step = 0;  // whose weights these are
  Evaluation
      evaluation;  // of these weights, greedy, on the samples held out (without holdout: on the training samples)
  std::vector<EpochRecord> history;  // of this process
  double seconds = 0;                // of training and evaluating, those before a resume included
  std::string checkpoint_path;       // empty: none
};

/// Trains. The network must have one input, of the data's shape, and outputs with a score per class. Writes the
/// checkpoint as options say, and the weights to options.output_path when the run is complete. stop: set from a signal
/// handler; the run then saves a checkpoint and returns with is_interrupted. May be nullptr. Failures: D2NN_UNSUPPORTED
/// (no training code), D2NN_INVALID_ARGUMENT (options, data, a foreign checkpoint), D2NN_INVALID_WEIGHTS,
/// D2NN_IO_ERROR, D2NN_NONFINITE_CONTROL (the run diverged: the last good checkpoint stays), D2NN_OUT_OF_MEMORY.
Result<TrainReport> train(const d2nn_module& module, const datasets::Dataset& data, const TrainOptions& options,
                          Progress& progress, const volatile std::sig_atomic_t* stop);

/// Whether a network can learn from a data set of this shape and these classes, a score for each class in every output;
/// the message says what does not fit.
Status check_data(const d2nn_module& module, const datasets::Dataset& data, const Metric& metric);

}  // namespace d2nn::train
