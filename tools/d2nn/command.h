// How a sub-command of d2nn plugs in: it registers its options and leaves its exit status.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "codegen/target.h"
#include "driver/check_file.h"

namespace d2nn::tool {

/// Exit statuses (docs/cli.md).
enum ExitStatus : int { exit_ok = 0, exit_wrong_input = 1, exit_wrong_use = 2, exit_internal = 3 };

/// -D, --network: options of every command that reads a program.
struct ProgramOptions {
  std::string file;
  std::vector<std::string> definitions;  // NAME=VALUE
  std::string network;

  void add_to(CLI::App& command);
  /// Splits the definitions; throws CLI::ValidationError for one without `=`. `questions`: what the command will ask of
  /// the analysis.
  sema::CheckOptions check_options(const paths::Questions& questions = {}) const;
};

/// -O, --cpu, --target.
struct TargetArguments {
  int opt_level = 3;
  std::string cpu = "native";
  std::string triple;

  void add_to(CLI::App& command, bool with_triple);
  codegen::TargetOptions options() const { return {cpu, triple, opt_level}; }
};

/// --fix: options of commands that compile for inference.
struct FixArguments {
  std::vector<std::string> decisions;  // CONTROL=ACTION

  void add_to(CLI::App& command);
  /// Fixes the decisions of a checked file; throws CLI::ValidationError for one without `=` or given twice.
  void apply(driver::Checked& checked) const;
};

/// Prints the diagnostics to standard error, coloured on a terminal unless NO_COLOR is set; true when there are errors.
bool print_diagnostics(const driver::Checked& checked);
/// Prints "error: sentence" to standard error and returns exit_wrong_input.
int print_error(const std::string& sentence);

void add_check(CLI::App& app, int& status);
void add_build(CLI::App& app, int& status);
void add_bench(CLI::App& app, int& status);
void add_run(CLI::App& app, int& status);
void add_train(CLI::App& app, int& status);
void add_eval(CLI::App& app, int& status);
void add_import(CLI::App& app, int& status);
void add_graph(CLI::App& app, int& status);
void add_fmt(CLI::App& app, int& status);
void add_lsp(CLI::App& app, int& status);
void add_explain(CLI::App& app, int& status);

}  // namespace d2nn::tool
