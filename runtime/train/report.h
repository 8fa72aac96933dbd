// How the commands `train` and `eval` print what they found: text with four decimals, or JSON with the counts.
#pragma once

#include <string>
#include <string_view>

#include "d2nn/module.h"
#include "status/status.h"
#include "train/datasets/dataset.h"
#include "train/evaluate.h"
#include "train/trainer.h"

namespace d2nn::train {

/// Metric, cost, and a table of the paths taken, ending in a line feed.
std::string text_report(const d2nn_module& module, const Evaluation& evaluation, const Metric& metric);
/// One JSON object, `reward` being the text of the expression: {"network", "data", "reward_expression", "samples",
/// "metric", "accuracy", "outputs", "mean_cost", "actions", "paths",
/// ...}.
std::string json_report(const d2nn_module& module, const Evaluation& evaluation, const Metric& metric,
                        std::string_view reward, std::string_view data);
/// The same for a finished or interrupted training: {"network", "interrupted", "steps", "seconds", "evaluation",
/// "history", ...}.
std::string json_report(const d2nn_module& module, const TrainReport& report, const TrainOptions& options,
                        std::string_view data);

/// Prints "error: MESSAGE" to standard error and gives the exit status that belongs to the failure: 3 for
/// D2NN_INTERNAL_ERROR, else 1.
int report_failure(const Status& status);

/// The samples of a split for the one input of a module, their classes compared with the scores of every output. Prints
/// what the user should know of the data as warnings on standard error: files left out, classes that the data lacks.
Result<datasets::Dataset> open_data(const d2nn_module& module, std::string_view spec, datasets::Split split,
                                    bool resizes, std::uint64_t seed, std::size_t threads);

}  // namespace d2nn::train
