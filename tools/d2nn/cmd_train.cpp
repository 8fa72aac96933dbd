// d2nn train and d2nn eval: the harness of the runtime, on a module compiled into this process.
#include <memory>

#include "command.h"
#include "driver/build.h"
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

/// Compiles the program and hands its module to `run`; prints what is wrong with it otherwise.
template <class Command, class Run>
int with_module(const Arguments<Command>& arguments, bool with_training, Run run) {
  driver::Checked checked = driver::check_file(arguments.program.file, arguments.program.check_options());
  arguments.fix.apply(checked);
  std::optional<driver::InProcess> compiled;
  if (!checked.sink.has_errors())
    compiled = driver::InProcess::compile(checked, with_training, arguments.target.options());
  if (print_diagnostics(checked)) return exit_wrong_input;
  return run(*compiled->module(), arguments.command);
}

}  // namespace

void add_train(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("train", "Train a network");
  const auto arguments = std::make_shared<Arguments<train::TrainCommand>>();
  arguments->program.add_to(*command);
  arguments->target.add_to(*command, false);
  train::add_train_options(*command, arguments->command);
  command->callback([arguments, &status] { status = with_module(*arguments, true, train::run_train_command); });
}

void add_eval(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("eval", "Metric, cost and distribution over paths of trained weights on a data set");
  const auto arguments = std::make_shared<Arguments<train::EvalCommand>>();
  arguments->program.add_to(*command);
  arguments->target.add_to(*command, false);
  arguments->fix.add_to(*command);
  train::add_eval_options(*command, arguments->command);
  command->callback([arguments, &status] { status = with_module(*arguments, false, train::run_eval_command); });
}

}  // namespace d2nn::tool
