// The command `eval`: metric, cost and distribution over paths of a network with its weights on a data set. Shared by
// `d2nn eval` and by compiled executables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "d2nn/module.h"
#include "status/status.h"
#include "train/datasets/dataset.h"
#include "train/evaluate.h"
#include "train/program_options.h"
#include "train/trainer.h"

namespace CLI {
class App;
}

namespace d2nn::train {

/// What the command line said.
struct EvalCommand {
  std::string weights;  // safetensors; empty: what is embedded
  std::string data;     // SPEC of datasets/dataset.h
  std::string split;    // train, val, test, all; empty: test if there is one, else val
  Reward reward;        // lambda, metric and efficiency, as in training
  GivenOptions given;
  std::int64_t threads = 0;  // 0: one per CPU
  std::int64_t batch = 64;
  std::int64_t max_cost = 0;            // multiplications of a sample; 0: no bound
  std::uint64_t seed = 1;               // of generated samples; training's default
  std::optional<CostRange> whole_cost;  // of the network before decisions were fixed; nothing: the module's
  bool resizes = false;
  bool prints_json = false;
};

/// Registers every option of `eval`; `command` must live until parsing is over.
void add_eval_options(CLI::App& app, EvalCommand& command);

/// Runs the whole data set through the module's inference code. Costs are judged by
/// `whole_cost`, so that a network with fixed decisions is compared with the whole one.
Result<Evaluation> evaluate_inference(const d2nn_module& module, const datasets::Dataset& data,
                                      const EvalCommand& command);

/// Opens the data, evaluates with the metric and reward of the program unless the command line gives others, prints to
/// standard output. Exit status: 0 well, 1 program, weights or data are wrong, 3 a defect of d2nn.
int run_eval_command(const d2nn_module& module, const EvalCommand& command);

}  // namespace d2nn::train
