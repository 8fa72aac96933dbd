#include "app/commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <memory>
#include <string_view>

#include "app/bench.h"
#include "app/info.h"
#include "app/random_weights.h"
#include "app/run_files.h"
#include "app/run_images.h"
#include "exec/budget.h"
#include "exec/context.h"
#include "exec/model.h"
#include "io/image_kinds.h"
#include "text/spelling.h"

namespace d2nn::app {

int fail(Exit status, const std::string& message) {
  std::cerr << "error: " << message << '\n';
  return status;
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

Result<std::unique_ptr<exec::Model>> with_random_weights(const d2nn_module& module) {
  const Result<std::string> bytes = random_weights(module);
  if (!bytes.ok()) return bytes.status();
  const d2nn_weights_source memory = {sizeof(memory), D2NN_WEIGHTS_MEMORY, nullptr, bytes->data(), bytes->size()};
  return exec::Model::create(module, &memory);
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

/// Takes `--input [NAME=]FILE` apart.
Status add_inputs(const d2nn_module& module, const std::vector<std::string>& given, std::vector<InputPath>& inputs) {
  for (const std::string& input : given) {
    const std::size_t equals = input.find('=');
    if (equals == std::string::npos && module.input_count == 1) {
      inputs.push_back({"", input});
      continue;
    }
    if (equals == std::string::npos || equals == 0 || equals + 1 == input.size())
      return {D2NN_INVALID_ARGUMENT, "--input is `" + input + "`, it must be NAME=FILE.npy"};
    inputs.push_back({input.substr(0, equals), input.substr(equals + 1)});
  }
  return {};
}

/// What `run` reads and writes.
void add_files(const d2nn_module& module, const RunCommand& command, const std::vector<InputPath>& inputs,
               io::FileRoles& roles) {
  roles.reads_running_program();
  roles.reads(command.weights, "the weights (`--weights`)");
  for (const InputPath& input : inputs) roles.reads(input.path, "the data");
  for (std::uint32_t i = 0; i < module.output_count && !command.output.empty(); ++i) {
    roles.writes(output_path(module, i, command.output),
                 module.output_count == 1 ? "the results (`-o`)"
                                          : "the results of `" + std::string(module.outputs[i].name) + "` (`-o`)",
                 "give another name with `-o`");
  }
  roles.writes(command.trace, "the trace (`--trace`)", "give another name with `--trace`");
}

/// Looks like an option: not a number such as -1, nor `-` alone.
bool is_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9') && word[1] != '.';
}

/// What to say of a command or option that CLI11 could not place, with the one most like it.
std::string unplaced_word(const CLI::App& app, const std::string& word) {
  const bool is_dashed = word.starts_with('-');
  std::vector<std::string> known;
  if (is_dashed) {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  } else {
    for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  }
  // `--wieghts=w` and `-weights` are meant as `--weights`.
  std::string name = word.substr(0, word.find('='));
  if (is_dashed && !name.starts_with("--")) name.insert(0, "-");
  const std::vector<std::string_view> views(known.begin(), known.end());
  const std::string_view close = text::closest(name, views);
  return "`" + word.substr(0, word.find('=')) + "` is no " + (is_dashed ? "option" : "command") +
         (is_dashed && app.get_parent() != nullptr ? " of `" + app.get_name() + "`" : "") +
         (close.empty() ? "" : "; did you mean `" + std::string(close) + "`?");
}

}  // namespace

int end_parsing(const CLI::App& app, const CLI::ParseError& error, const std::string& program) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const std::vector<const CLI::App*> commands =
      app.get_subcommands([](const CLI::App* command) { return command->parsed(); });
  const CLI::App& command = commands.empty() ? app : *commands.front();
  // A word that was not placed comes first: a mistyped option is also missing under its right name.
  const std::vector<std::string> rest = command.remaining();
  const auto word = std::find_if(rest.begin(), rest.end(),
                                 [&](const std::string& text) { return commands.empty() || is_option(text); });
  fail(use_is_wrong, word != rest.end() ? unplaced_word(command, *word) : error.what());
  std::cerr << "(more: " << program << (commands.empty() ? "" : " " + commands.front()->get_name()) << " --help)\n";
  return use_is_wrong;
}

void add_run_options(CLI::App& app, RunCommand& command, bool embedded) {
  app.add_option("DATA", command.files, "An npy file f32 [samples, shape], or JPEG and PNG images")
      ->type_name("FILE...");
  app.add_option("--input", command.inputs, "An npy file: of the only input, or NAME=FILE once for each input")
      ->type_name("[NAME=]FILE");
  app.add_option("-o,--output", command.output,
                 "Results, npy f32 [samples, shape]; with several outputs y.npy gives y.NAME.npy each")
      ->type_name("FILE");
  app.add_option("--trace", command.trace, "Write what each sample did as JSON")->type_name("FILE");
  app.add_option("--threads", command.threads, "Threads; 0: as many as are useful. Results do not depend on it")
      ->check(CLI::Range(std::size_t{0}, exec::most_threads))
      ->capture_default_str();
  app.add_flag("--resize", command.resize, "Scale images of another size instead of rejecting them");
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
  app.add_option("--threads", command.threads, "Threads; 0: as many as are useful")
      ->check(CLI::Range(std::size_t{0}, exec::most_threads))
      ->capture_default_str();
  app.add_option("--input", command.inputs,
                 "Measure on an npy file: of the only input, or NAME=FILE once for each input")
      ->type_name("[NAME=]FILE");
  app.add_option("--data", command.data,
                 "Measure on samples of a data set: mnist:DIR, cmnist:DIR, cifar10:DIR, images:DIR, idx:IMAGES,LABELS, "
                 "npy:X,Y, shapes")
      ->type_name("SPEC");
  app.add_option("--split", command.split, "Which samples of --data (default: test if there is one, else val)")
      ->check(CLI::IsMember({"train", "val", "test", "all"}))
      ->type_name("SPLIT");
  app.add_flag("--resize", command.resize, "Scale images of --data that have another size instead of rejecting them");
  add_weights(app, command.weights, embedded);
}

void add_info_options(CLI::App& app, InfoCommand& command) {
  app.add_flag("--json", command.json, "The manifest, for programs");
}

int run_run_command(const d2nn_module& module, const RunCommand& command, io::FileRoles roles) {
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
  app::RunFiles files{{}, command.output, command.trace, command.threads, command.max_cost};
  for (const std::string& file : command.files) files.inputs.push_back({"", file});
  if (Status status = add_inputs(module, command.inputs, files.inputs); !status.ok())
    return fail(use_is_wrong, status.message());
  if (!has_weights(module, command.weights)) return missing_weights(module);
  add_files(module, command, files.inputs, roles);
  if (const Status status = roles.check(); !status.ok()) return fail(status);

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
  if (!command.data.empty() && !command.inputs.empty())
    return fail(use_is_wrong, "--data and --input both say what to measure on: give one of them");
  if (command.data.empty() && (!command.split.empty() || command.resize))
    return fail(use_is_wrong, std::string(command.resize ? "--resize" : "--split") + " goes with --data");
  Bench bench{command.batch, command.threads, {{}, command.data, command.split, command.resize}};
  if (Status status = add_inputs(module, command.inputs, bench.samples.inputs); !status.ok())
    return fail(use_is_wrong, status.message());
  bench.has_random_weights = !has_weights(module, command.weights);
  Result<std::unique_ptr<exec::Model>> model =
      bench.has_random_weights ? with_random_weights(module) : load(module, command.weights);
  if (!model.ok()) return fail(model.status());
  const Status status = app::run_bench(**model, bench, std::cout);
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
