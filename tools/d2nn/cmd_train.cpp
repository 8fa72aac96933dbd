// d2nn train and d2nn eval: the harness of the runtime, on a module compiled into this process.
#include <memory>

#include "command.h"
#include "driver/build.h"
#include "paths/paths.h"
#include "train/eval_command.h"
#include "train/train_command.h"

namespace d2nn::tool {

namespace {

template <class Command>
struct Arguments {
  ProgramOptions program;
  TargetArguments target;
  FixArguments fix;  // of eval
  Command command;
};

/// Compiles a checked program and hands its module to `run`; prints what is wrong with it otherwise.
template <class Run>
int with_module(driver::Checked& checked, bool with_training, const TargetArguments& target, Run run) {
  std::optional<driver::InProcess> compiled;
  if (!checked.sink.has_errors()) compiled = driver::InProcess::compile(checked, with_training, target.options());
  if (print_diagnostics(checked)) return exit_wrong_input;
  return run(*compiled->module());
}

int train_program(const Arguments<train::TrainCommand>& arguments) {
  driver::Checked checked =
      driver::check_file(arguments.program.file, arguments.program.check_options(driver::questions_of_build({})));
  return with_module(checked, true, arguments.target, [&](const d2nn_module& module) {
    return train::run_train_command(module, arguments.command, driver::files_of(checked));
  });
}

int evaluate_program(const Arguments<train::EvalCommand>& arguments) {
  driver::Checked checked =
      driver::check_file(arguments.program.file, arguments.program.check_options(driver::questions_of_build({})));
  train::EvalCommand command = arguments.command;
  // With decisions fixed, costs are still judged by those of the whole network: only so can fixings be compared.
  if (!arguments.fix.decisions.empty() && !checked.sink.has_errors() && checked.programs.size() == 1) {
    const paths::Analysis& whole = checked.analyses.front();
    command.whole_cost = train::CostRange{whole.least_cost, whole.greatest_cost};
  }
  arguments.fix.apply(checked);
  return with_module(checked, false, arguments.target,
                     [&](const d2nn_module& module) { return train::run_eval_command(module, command); });
}

}  // namespace

void add_train(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("train", "Train a network");
  const auto arguments = std::make_shared<Arguments<train::TrainCommand>>();
  arguments->program.add_to(*command);
  arguments->target.add_to(*command, false);
  train::add_train_options(*command, arguments->command);
  command->callback([arguments, &status] { status = train_program(*arguments); });
}

void add_eval(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("eval", "Evaluate trained weights on a data set: metric, cost and distribution over paths");
  const auto arguments = std::make_shared<Arguments<train::EvalCommand>>();
  arguments->program.add_to(*command);
  arguments->target.add_to(*command, false);
  arguments->fix.add_to(*command);
  train::add_eval_options(*command, arguments->command);
  command->callback([arguments, &status] { status = evaluate_program(*arguments); });
}

}  // namespace d2nn::tool
