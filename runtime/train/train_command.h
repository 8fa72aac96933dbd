// The command `train`, shared by `d2nn train` (a module made by the JIT) and by executables built with --train, so that
// both have the same options, output and exit status.
#pragma once

#include <cstdint>
#include <string>

#include "d2nn/module.h"
#include "io/file_roles.h"
#include "train/options.h"
#include "train/program_options.h"

namespace CLI {
class App;
}

namespace d2nn::train {

/// What the command line said.
struct TrainCommand {
  TrainOptions options;
  GivenOptions given;
  std::string data;  // SPEC of datasets/dataset.h
  bool resizes = false;
  bool is_quiet = false;  // no progress
  bool prints_json = false;
};

/// Registers every option of `train`; `command` must live until parsing is over. A wrong value is a
/// CLI::ValidationError (exit status 2).
void add_train_options(CLI::App& app, TrainCommand& command);

/// Opens the data, trains as the program and the command line say, prints progress to standard error and the result to
/// standard output. files: what the caller has read itself; neither the weights nor the checkpoint may overwrite that,
/// the data, or the weights to start from. Ctrl-C saves a checkpoint and stops. Exit status: 0 trained; 1 program, data
/// or files are wrong; 2 options contradict each other; 3 a defect of d2nn; 130 interrupted.
int run_train_command(const d2nn_module& module, const TrainCommand& command, io::FileRoles files = {});

}  // namespace d2nn::train
