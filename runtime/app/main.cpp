// main() of every executable that `d2nn build` makes: run, info, bench. The module comes by the symbol d2nn_app_module.
// Exit status: 0 well, 1 the data or the weights are wrong, 2 wrong use, 3 internal error.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "app/bench.h"
#include "app/info.h"
#include "app/run_files.h"
#include "app/run_images.h"
#include "d2nn/module.h"
#include "exec/model.h"
#include "io/image.h"

extern "C" const d2nn_module* d2nn_app_module(void);

namespace {

using d2nn::Result;
using d2nn::Status;

enum Exit { well = 0, data_is_wrong = 1, use_is_wrong = 2, defect = 3 };

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> inputs;  // NAME=FILE
  std::string output, trace, weights;
  std::size_t threads = 0;
  bool resize = false;
  bool json = false;
  std::size_t batch = 64;
};

int fail(Exit status, const std::string& message) {
  std::cerr << "error: " << message << '\n';
  return status;
}

int fail(const Status& status) {
  return fail(status.code() == D2NN_INTERNAL_ERROR ? defect : data_is_wrong, status.message());
}

Result<std::unique_ptr<d2nn::exec::Model>> load(const d2nn_module& module, const Options& options) {
  const d2nn_weights_source file = {sizeof(file), D2NN_WEIGHTS_FILE, options.weights.c_str(), nullptr, 0};
  return d2nn::exec::Model::create(module, options.weights.empty() ? nullptr : &file);
}

/// True when the network can run; else says that weights are missing.
bool has_weights(const d2nn_module& module, const Options& options) {
  return module.embedded_weights != nullptr || !options.weights.empty() || module.parameter_count == 0;
}

int missing_weights(const d2nn_module& module) {
  return fail(use_is_wrong, "`" + std::string(module.name) +
                                "` was built without weights: give them with --weights FILE.safetensors");
}

/// Output that did not arrive (a full disk, a closed pipe) is a failure.
int printed() {
  std::cout.flush();
  return std::cout.good() ? well : fail(data_is_wrong, "standard output cannot be written");
}

int run(const d2nn_module& module, const Options& options) {
  const auto images = std::count_if(options.files.begin(), options.files.end(),
                                    [](const std::string& file) { return d2nn::io::is_image_name(file); });
  const bool is_images = images > 0;
  if (options.files.empty() && options.inputs.empty()) {
    return fail(use_is_wrong, "nothing to run on: give images, an npy file, or --input NAME=FILE.npy");
  }
  if (is_images && (static_cast<std::size_t>(images) != options.files.size() || !options.inputs.empty())) {
    return fail(use_is_wrong, "images and npy files cannot be mixed in one run");
  }
  if (is_images && !options.output.empty()) {
    return fail(use_is_wrong, "-o writes the results of npy files, answers for images are printed");
  }
  if (!is_images && options.output.empty()) return fail(use_is_wrong, "say where the results go, with -o y.npy");
  if (!is_images && options.resize) return fail(use_is_wrong, "--resize is for images");
  d2nn::app::RunFiles files{{}, options.output, options.trace, options.threads};
  for (const std::string& file : options.files) files.inputs.push_back({"", file});
  for (const std::string& input : options.inputs) {
    const std::size_t equals = input.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == input.size()) {
      return fail(use_is_wrong, "--input is `" + input + "`, it must be NAME=FILE.npy");
    }
    files.inputs.push_back({input.substr(0, equals), input.substr(equals + 1)});
  }
  if (!has_weights(module, options)) return missing_weights(module);

  Result<std::unique_ptr<d2nn::exec::Model>> model = load(module, options);
  if (!model.ok()) return fail(model.status());
  if (is_images) {
    const Status status = d2nn::app::run_images(**model, {options.files, options.resize, options.trace}, std::cout);
    const int output = printed();
    return status.ok() ? output : fail(status);
  }
  const Result<d2nn::app::RunFilesSummary> summary = d2nn::app::run_files(**model, files);
  return summary.ok() ? well : fail(summary.status());
}

int bench(const d2nn_module& module, const Options& options) {
  if (!has_weights(module, options)) return missing_weights(module);
  Result<std::unique_ptr<d2nn::exec::Model>> model = load(module, options);
  if (!model.ok()) return fail(model.status());
  const Status status = d2nn::app::run_bench(**model, {options.batch, options.threads}, std::cout);
  return status.ok() ? printed() : fail(status);
}

int info(const d2nn_module& module, const Options& options) {
  if (options.json) {
    std::cout << module.manifest << '\n';
  } else {
    d2nn::app::print_info(module, std::cout);
  }
  return printed();
}

int dispatch(const d2nn_module& module, int argc, char** argv) {
  Options options;
  CLI::App app("The network `" + std::string(module.name) + "`, compiled by d2nn " + module.compiler_version + ". " +
               module.doc);
  app.require_subcommand(1);
  app.footer("Exit status: 0 well, 1 the data or the weights are wrong, 2 wrong use, 3 internal error.");

  const auto add_weights = [&](CLI::App* command) {
    command
        ->add_option("--weights", options.weights,
                     module.embedded_weights != nullptr ? "Safetensors file to use instead of the embedded weights"
                                                        : "Safetensors file with the weights (none are embedded)")
        ->type_name("FILE");
  };
  CLI::App* run_command = app.add_subcommand("run", "Run on npy files (results to npy) or on images (answers printed)");
  run_command->add_option("files", options.files, "An npy file f32 [samples, shape], or JPEG and PNG images")
      ->type_name("FILE");
  run_command->add_option("--input", options.inputs, "An npy file for the input NAME; once for each input")
      ->type_name("NAME=FILE");
  run_command
      ->add_option("-o,--output", options.output,
                   "Results, npy f32 [samples, shape]; with several outputs y.npy gives y.NAME.npy each")
      ->type_name("FILE");
  run_command->add_option("--trace", options.trace, "Write what each sample did as JSON")->type_name("FILE");
  run_command->add_option("--threads", options.threads, "Threads; 0: as many as help. Results do not depend on it")
      ->capture_default_str();
  run_command->add_flag("--resize", options.resize, "Scale images of another size instead of refusing them");
  add_weights(run_command);

  CLI::App* info_command = app.add_subcommand("info", "Inputs, outputs, nodes, actions, paths and costs");
  info_command->add_flag("--json", options.json, "The manifest, for programs");

  CLI::App* bench_command = app.add_subcommand("bench", "Median times of one sample by path, and of a batch");
  bench_command->add_option("--batch", options.batch, "Samples of the batch")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  bench_command->add_option("--threads", options.threads, "Threads; 0: as many as help")->capture_default_str();
  add_weights(bench_command);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? well : use_is_wrong;
  }
  if (run_command->parsed()) return run(module, options);
  return info_command->parsed() ? info(module, options) : bench(module, options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch(*d2nn_app_module(), argc, argv);
  } catch (const std::bad_alloc&) {
    return fail(data_is_wrong, "out of memory");
  } catch (const std::exception& error) {
    return fail(defect, std::string("internal error: ") + error.what());
  }
}
