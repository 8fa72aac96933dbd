// A program's `train` block as options of a run: what it says stands unless the command line says otherwise.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "d2nn/module.h"
#include "status/status.h"
#include "train/options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace d2nn::train {

/// Registers the options that a program may set too, one per row of train_settings, and the one that sets its reward
/// aside. `options` must live until parsing is over.
void add_program_options(CLI::App& app, TrainOptions& options);

/// Adds `--seed`, a whole number: CLI11 alone would take -1 for the greatest one.
CLI::Option* add_seed(CLI::App& app, std::uint64_t& seed, const std::string& text);

/// `--lambda` and the like that a command line gives, by name; filled while it is parsed.
using GivenOptions = std::set<std::string>;
/// Notes every option of the app that is given. Call it when all are registered.
void note_given(CLI::App& app, GivenOptions& given);

/// Adds to the options of a command line what the module's program says and the command line does not. A loss given for
/// one output leaves the program's other losses. D2NN_INVALID_ARGUMENT: the command line sets what the program's reward
/// does not read, or the module holds a setting that this runtime does not know.
Status apply_program(const d2nn_module& module, const GivenOptions& given, TrainOptions& options);

}  // namespace d2nn::train
