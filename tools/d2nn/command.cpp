#include "command.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "diag/render.h"
#include "driver/fix_decisions.h"

namespace d2nn::tool {

void ProgramOptions::add_to(CLI::App& command) {
  command.add_option("FILE", file, "The program (- for standard input)")->required()->type_name("FILE");
  command.add_option("-D", definitions, "Set a network parameter: -DNAME=VALUE")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command.add_option("--network", network, "Select this network of the file")->type_name("NAME");
}

sema::CheckOptions ProgramOptions::check_options(const paths::Questions& questions) const {
  sema::CheckOptions options;
  options.questions = questions;
  options.network = network;
  for (const std::string& definition : definitions) {
    const std::size_t equal = definition.find('=');
    if (equal == std::string::npos || equal == 0)
      throw CLI::ValidationError("-D" + definition, "is not of the form -DNAME=VALUE");
    options.definitions.emplace_back(definition.substr(0, equal), definition.substr(equal + 1));
  }
  return options;
}

void TargetArguments::add_to(CLI::App& command, bool with_triple) {
  command.add_option("-O", opt_level, "Optimisation level: -O0 to -O3")
      ->check(CLI::Range(0, 3))
      ->capture_default_str()
      ->type_name("LEVEL");
  command.add_option("--cpu", cpu, "CPU to compile for: native, x86-64-v3 or another LLVM name")
      ->capture_default_str()
      ->type_name("NAME");
  if (with_triple) command.add_option("--target", triple, "Target triple (default: this machine)")->type_name("TRIPLE");
}

void FixArguments::add_to(CLI::App& command) {
  command.add_option("--fix", decisions, "Make a control node always take this action: --fix Q=low")
      ->type_name("CONTROL=ACTION")
      ->allow_extra_args(false);
}

void FixArguments::apply(driver::Checked& checked) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& decision : decisions) {
    const std::size_t equal = decision.find('=');
    if (equal == std::string::npos || equal == 0)
      throw CLI::ValidationError("--fix " + decision, "is not of the form --fix CONTROL=ACTION");
    std::string control = decision.substr(0, equal);
    for (const auto& [other, action] : pairs) {
      if (other == control) throw CLI::ValidationError("--fix " + decision, "`" + control + "` is fixed twice");
    }
    pairs.emplace_back(std::move(control), decision.substr(equal + 1));
  }
  if (!checked.sink.has_errors()) driver::fix_decisions(checked, pairs);
}

bool print_diagnostics(const driver::Checked& checked) {
  diag::RenderOptions options;
  const bool is_terminal = isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  options.colour = is_terminal ? diag::Colour::always : diag::Colour::never;
  std::cerr << diag::render(checked.sink, checked.files, options);
  return checked.sink.has_errors();
}

int print_error(const std::string& sentence) {
  std::cerr << "error: " << sentence << "\n";
  return exit_wrong_input;
}

}  // namespace d2nn::tool
