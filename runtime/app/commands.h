// The commands of an executable of a network: run, info, bench. Shared with the d2nn tool, so that `d2nn run net.d2nn
// x.npy` and
// `./net run x.npy` have the same options, output and exit status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "d2nn/module.h"
#include "io/file_roles.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace d2nn::app {

/// 0 well, 1 the data or the weights are wrong, 2 wrong use, 3 internal error.
enum Exit : int { well = 0, data_is_wrong = 1, use_is_wrong = 2, defect = 3 };

/// Prints "error: sentence" to standard error; returns the status.
int fail(Exit status, const std::string& message);

/// What is left to do when CLI11 did not run a command: prints the help that was asked for (well), or on standard error
/// what is wrong with the command line and how to ask for help (use_is_wrong). program: how the user calls it.
int end_parsing(const CLI::App& app, const CLI::ParseError& error, const std::string& program);

/// What the command line said.
struct RunCommand {
  std::vector<std::string> files;   // one npy file, or images
  std::vector<std::string> inputs;  // NAME=FILE
  std::string output, trace, weights;
  std::size_t threads = 0;
  bool resize = false;
  std::int64_t max_cost = 0;  // multiplications of a sample; 0: no bound
};
struct BenchCommand {
  std::string weights;
  std::vector<std::string> inputs;  // NAME=FILE
  std::string data, split;          // a data set and which of its samples
  bool resize = false;
  std::size_t batch = 64;
  std::size_t threads = 0;
};
struct InfoCommand {
  bool json = false;
};

/// Register the options; the command must live until parsing is over. embedded: the module may have weights of its own.
void add_run_options(CLI::App& app, RunCommand& command, bool embedded);
void add_bench_options(CLI::App& app, BenchCommand& command, bool embedded);
void add_info_options(CLI::App& app, InfoCommand& command);

/// Run and return the exit status. files: what the caller has read itself; data_is_wrong when a result would overwrite
/// that, the data, the weights or another result.
int run_run_command(const d2nn_module& module, const RunCommand& command, io::FileRoles files = {});
int run_bench_command(const d2nn_module& module, const BenchCommand& command);
int run_info_command(const d2nn_module& module, const InfoCommand& command);

}  // namespace d2nn::app
