#include "app/commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <memory>

#include "app/bench.h"
#include "app/info.h"
#include "app/run_files.h"
#include "app/run_images.h"
#include "exec/budget.h"
#include "exec/context.h"
#include "exec/model.h"
#include "io/image_kinds.h"

namespace d2nn::app {

int fail(Exit status, const std::string& message) {
  std::cerr << "error: " << message << '\n';
  return status;
}

int end_parsing(const CLI::App& app, const CLI::ParseError& error, const std::string& program) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const std::vector<const CLI::App*> commands =
      app.get_subcommands([](const CLI::App* command) { return command->parsed(); });
  const std::vector<std::string> rest = app.remaining();
  fail(use_is_wrong, commands.empty() && !rest.empty()
                         ? "`" + rest.front() + (rest.front().starts_with('-') ? "` is no option" : "` is no command")
                         : error.what());
  std::cerr << "(more: " << program << (commands.empty() ? "" : " " + commands.front()->get_name()) << " --help)\n";
  return use_is_wrong;
}

namespace {

constexpr int most_samples = 1 << 20;  // of a batch

int fail(const Status& status) {
  return fail(status.code() == D2NN_INTERNAL_ERROR ? defect : data_is_wrong, status.message());
}

Result<std::unique_ptr<exec::Model>> load(const d2nn_module& module, const std::string& weights) {
  const d2nn_weights_source file = {sizeof(file), D2NN_WEIGHTS_FILE, weights.c_str(), nullptr, 0};
  return exec::Model::create(module, weights.empty() ? nullptr : &file);
}

/// True when the network can run; else says that weights are missing.
bool has_weights(const d2nn_module& module, const std::string& weights) {
  return module.embedded_weights != nullptr || !weights.empty() || module.parameter_count == 0;
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

void add_weights(CLI::App& app, std::string& weights, bool embedded) {
  app.add_option(
         "--weights", weights,
         embedded ? "Safetensors file to use instead of the embedded weights" : "Safetensors file with the weights")
      ->type_name("FILE");
}

}  // namespace

void add_run_options(CLI::App& app, RunCommand& command, bool embedded) {
  app.add_option("DATA", command.files, "An npy file f32 [samples, shape], or JPEG and PNG images")
      ->type_name("FILE...");
  app.add_option("--input", command.inputs, "An npy file: of the only input, or NAME=FILE once for each input")
      ->type_name("[NAME=]FILE");
  app.add_option("-o,--output", command.output,
                 "Results, npy f32 [samples, shape]; with several outputs y.npy gives y.NAME.npy each")
      ->type_name("FILE");
  app.add_option("--trace", command.trace, "Write what each sample did as JSON")->type_name("FILE");
  app.add_option("--threads", command.threads, "Threads; 0: as many as help. Results do not depend on it")
      ->check(CLI::Range(std::size_t{0}, exec::most_threads))
      ->capture_default_str();
  app.add_flag("--resize", command.resize, "Scale images of another size instead of refusing them");
  app.add_option("--max-cost", command.max_cost,
                 "Multiplications that a sample may cost at most: actions that no longer fit are not taken")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->type_name("N");
  add_weights(app, command.weights, embedded);
}

void add_bench_options(CLI::App& app, BenchCommand& command, bool embedded) {
  app.add_option("--batch", command.batch, "Samples of the batch")
      ->check(CLI::Range(1, most_samples))
      ->capture_default_str();
  app.add_option("--threads", command.threads, "Threads; 0: as many as help")
      ->check(CLI::Range(std::size_t{0}, exec::most_threads))
      ->capture_default_str();
  add_weights(app, command.weights, embedded);
}

void add_info_options(CLI::App& app, InfoCommand& command) {
  app.add_flag("--json", command.json, "The manifest, for programs");
}

int run_run_command(const d2nn_module& module, const RunCommand& command) {
  const auto images = std::count_if(command.files.begin(), command.files.end(),
                                    [](const std::string& file) { return io::is_image_file(file); });
  const bool is_images = images > 0;
  if (const Status status = exec::check_budget(module, command.max_cost, "--max-cost"); !status.ok()) {
    return fail(status.code() == D2NN_UNSUPPORTED ? data_is_wrong : use_is_wrong, status.message());
  }
  if (command.files.empty() && command.inputs.empty() && module.input_count != 0) {
    return fail(use_is_wrong, "nothing to run on: give images, an npy file, or --input NAME=FILE.npy");
  }
  if (is_images && (static_cast<std::size_t>(images) != command.files.size() || !command.inputs.empty())) {
    return fail(use_is_wrong, "images and npy files cannot be mixed in one run");
  }
  if (is_images && !command.output.empty()) {
    return fail(use_is_wrong, "-o writes the results of npy files, answers for images are printed");
  }
  if (!is_images && command.output.empty()) return fail(use_is_wrong, "say where the results go, with -o y.npy");
  if (!is_images && command.resize) return fail(use_is_wrong, "--resize is for images");
  if (!is_images && command.output == command.trace) {
    return fail(use_is_wrong, "-o and --trace both name `" + command.trace + "`: give them files of their own");
  }
  app::RunFiles files{{}, command.output, command.trace, command.threads, command.max_cost};
  for (const std::string& file : command.files) files.inputs.push_back({"", file});
  for (const std::string& input : command.inputs) {
    const std::size_t equals = input.find('=');
    if (equals == std::string::npos && module.input_count == 1) {
      files.inputs.push_back({"", input});
      continue;
    }
    if (equals == std::string::npos || equals == 0 || equals + 1 == input.size()) {
      return fail(use_is_wrong, "--input is `" + input + "`, it must be NAME=FILE.npy");
    }
    files.inputs.push_back({input.substr(0, equals), input.substr(equals + 1)});
  }
  if (!has_weights(module, command.weights)) return missing_weights(module);

  Result<std::unique_ptr<exec::Model>> model = load(module, command.weights);
  if (!model.ok()) return fail(model.status());
  if (is_images) {
    const Status status =
        app::run_images(**model, {command.files, command.resize, command.trace, command.max_cost}, std::cout);
    const int output = printed();
    return status.ok() ? output : fail(status);
  }
  const Result<app::RunFilesSummary> summary = app::run_files(**model, files);
  return summary.ok() ? well : fail(summary.status());
}

int run_bench_command(const d2nn_module& module, const BenchCommand& command) {
  if (!has_weights(module, command.weights)) return missing_weights(module);
  Result<std::unique_ptr<exec::Model>> model = load(module, command.weights);
  if (!model.ok()) return fail(model.status());
  const Status status = app::run_bench(**model, {command.batch, command.threads}, std::cout);
  return status.ok() ? printed() : fail(status);
}

int run_info_command(const d2nn_module& module, const InfoCommand& command) {
  if (command.json) {
    std::cout << module.manifest << '\n';
  } else {
    app::print_info(module, std::cout);
  }
  return printed();
}

}  // namespace d2nn::app
