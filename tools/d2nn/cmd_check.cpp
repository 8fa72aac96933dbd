// d2nn check: silence when all is well; --paths and --json for those who want to know more.
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "diag/json.h"
#include "driver/manifest.h"
#include "paths/paths.h"
#include "paths_report.h"

namespace d2nn::tool {

namespace {

using Json = nlohmann::ordered_json;

struct CheckArguments {
  std::vector<std::string> files;
  ProgramOptions program;
  bool paths = false;
  bool json = false;
};

/// One file; returns false when it has errors.
bool check_one(const std::string& file, const CheckArguments& arguments, Json& json) {
  const driver::Checked checked = driver::check_file(file, arguments.program.check_options());
  const bool has_errors = checked.sink.has_errors();
  if (!arguments.json) {
    print_diagnostics(checked);
    if (!has_errors && arguments.paths) {
      for (const graph::Program& program : checked.programs) std::cout << paths_text(program, paths::analyse(program));
    }
    return !has_errors;
  }
  Json entry{{"file", file}};
  entry.update(diag::to_json(checked.sink, checked.files));
  if (!has_errors && arguments.paths) entry["networks"] = Json::array();
  for (const graph::Program& program : checked.programs) {
    if (has_errors || (!arguments.paths && !program.train)) continue;
    Json network{{"network", program.name}};
    if (program.train) network["train"] = driver::train_json(program);
    if (arguments.paths) network.update(paths_json(program, paths::analyse(program)));
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
  command->add_option("--network", arguments->program.network, "Only this network of the file")->type_name("NAME");
  command->add_flag("--paths", arguments->paths, "Print the number of paths and, up to 10,000, each with its cost");
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
