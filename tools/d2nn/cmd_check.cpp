// d2nn check: silence when all is well; --paths and --json for those who want to know more.
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "diag/json.h"
#include "draw/frequencies.h"
#include "driver/hints.h"
#include "driver/manifest.h"
#include "paths/paths.h"
#include "paths_report.h"
#include "text/encoded.h"

namespace d2nn::tool {

namespace {

using Json = nlohmann::ordered_json;

struct CheckArguments {
  std::vector<std::string> files;
  ProgramOptions program;
  bool paths = false;
  bool hints = false;
  bool json = false;
  PathOrder order = PathOrder::decisions;
  bool is_descending = false;
  std::string frequencies;  // empty: not asked; "uniform"; or a trace
};

constexpr const char* uniform = "uniform";

const std::map<std::string, PathOrder>& path_orders() {
  static const std::map<std::string, PathOrder> orders{{"decisions", PathOrder::decisions},
                                                       {"cost", PathOrder::cost},
                                                       {"nodes", PathOrder::nodes},
                                                       {"null", PathOrder::null}};
  return orders;
}

/// What the analysis of a network is made with.
struct Frequencies {
  paths::Frequencies values;
  FrequencySource source;
};

/// Nullopt when the trace cannot be taken, which the sink then says.
std::optional<Frequencies> read_frequencies(const std::string& source, driver::Checked& checked) {
  if (source.empty() || source == uniform) return Frequencies{};
  if (!driver::has_one_network(checked, "a trace")) return std::nullopt;
  const graph::Program& program = checked.programs.front();
  const std::optional<draw::Frequencies> counted = draw::read_trace(source, program, checked.sink);
  if (!counted) return std::nullopt;
  Frequencies frequencies{{}, {source, {}}};
  for (const graph::NodeId control : graph::nodes_of(program, graph::NodeKind::control)) {
    frequencies.values.emplace_back();
    const std::size_t samples = counted->nodes[control.index];
    if (samples == 0) {
      frequencies.source.unobserved.push_back(program[control].name);
      continue;
    }
    for (const std::size_t count : counted->actions[control.index]) {
      frequencies.values.back().push_back(static_cast<double>(count) / static_cast<double>(samples));
    }
  }
  return frequencies;
}

/// Of the program at this place.
paths::Analysis analysed(const driver::Checked& checked, std::size_t place, const CheckArguments& arguments,
                         const Frequencies& frequencies) {
  paths::Analysis analysis = frequencies.values.empty()
                                 ? checked.analyses[place]
                                 : paths::analyse(checked.programs[place], paths::all_paths, frequencies.values);
  if (analysis.paths) sort_paths(*analysis.paths, arguments.order, arguments.is_descending);
  return analysis;
}

/// One file; returns false when it has errors.
bool check_one(const std::string& file, const CheckArguments& arguments, Json& json) {
  driver::Checked checked = driver::check_file(
      file, arguments.program.check_options(arguments.paths ? paths::all_paths : paths::null_values));
  if (arguments.hints && !checked.sink.has_errors()) driver::hint_unused_work(checked);
  std::optional<Frequencies> frequencies;
  if (!checked.sink.has_errors() && arguments.paths) frequencies = read_frequencies(arguments.frequencies, checked);
  const FrequencySource* const source = frequencies && !arguments.frequencies.empty() ? &frequencies->source : nullptr;
  const bool has_errors = checked.sink.has_errors();
  if (!arguments.json) {
    print_diagnostics(checked);
    if (has_errors || !frequencies) return !has_errors;
    for (std::size_t i = 0; i < checked.programs.size(); ++i)
      std::cout << paths_text(checked.programs[i], analysed(checked, i, arguments, *frequencies), source);
    return true;
  }
  Json entry = Json::object();
  text::put(entry, "file", file);
  entry.update(diag::to_json(checked.sink, checked.files));
  if (!has_errors && frequencies) entry["networks"] = Json::array();
  for (std::size_t i = 0; i < checked.programs.size(); ++i) {
    const graph::Program& program = checked.programs[i];
    if (has_errors || (!frequencies && !program.train)) continue;
    Json network{{"network", program.name}};
    if (program.train) network["train"] = driver::train_json(program);
    if (frequencies) network.update(paths_json(program, analysed(checked, i, arguments, *frequencies), source));
    entry["networks"].push_back(std::move(network));
  }
  json.push_back(std::move(entry));
  return !has_errors;
}

/// A single file with a single network prints its facts at the top level, as docs/cli.md says; more print lists.
Json flattened(Json files) {
  if (files.size() != 1) return Json{{"files", std::move(files)}};
  Json one = std::move(files[0]);
  if (one.contains("networks") && one["networks"].size() == 1) {
    const Json network = one["networks"][0];
    one.erase("networks");
    one.update(network);
  }
  return one;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("check", "Check programs; print nothing when all is well");
  const auto arguments = std::make_shared<CheckArguments>();
  command->add_option("FILE", arguments->files, "Programs (- for standard input)")->required()->type_name("FILE...");
  command->add_option("-D", arguments->program.definitions, "Set a network parameter: -DNAME=VALUE")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command->add_option("--network", arguments->program.network, "Select this network of the file")->type_name("NAME");
  CLI::Option* const paths = command->add_flag(
      "--paths", arguments->paths, "Print the number of paths, costs, null outputs and, up to 10,000, each path");
  CLI::Option* const sort =
      command->add_option("--sort", arguments->order, "Order of the paths: decisions, cost, nodes or null")
          ->transform([](const std::string& name) {
            const auto found = path_orders().find(name);
            if (found == path_orders().end())
              throw CLI::ValidationError("`" + name + "` is not one of decisions, cost, nodes, null",
                                         CLI::ExitCodes::ValidationError);
            return std::to_string(static_cast<int>(found->second));
          })
          ->type_name("KEY")
          ->needs(paths);
  command->add_flag("--descending", arguments->is_descending, "With --sort: reverse the order")->needs(sort);
  command
      ->add_option("--frequencies", arguments->frequencies,
                   "Expected cost by how often actions are taken: uniform, or a trace of `d2nn run`")
      ->type_name("uniform|TRACE")
      ->needs(paths);
  command->add_flag("--hints", arguments->hints,
                    "Report work that nothing needs on some paths, and what would save it");
  command->add_flag("--json", arguments->json, "Print diagnostics and paths as JSON");
  command->callback([arguments, &status] {
    Json json = Json::array();
    for (const std::string& file : arguments->files) {
      if (!check_one(file, *arguments, json)) status = exit_wrong_input;
    }
    if (arguments->json) std::cout << flattened(std::move(json)).dump(2) << "\n";
  });
}

}  // namespace d2nn::tool
