// d2nn run: the same as `./net run`, on a module compiled into this process.
#include <memory>

#include "app/commands.h"
#include "command.h"
#include "driver/build.h"

namespace d2nn::tool {

namespace {

struct RunArguments {
  ProgramOptions program;
  TargetArguments target;
  FixArguments fix;
  app::RunCommand command;
};

int run(const RunArguments& arguments) {
  driver::Checked checked =
      driver::check_file(arguments.program.file, arguments.program.check_options(driver::questions_of_build({})));
  arguments.fix.apply(checked);
  std::optional<driver::InProcess> compiled;
  if (!checked.sink.has_errors()) compiled = driver::InProcess::compile(checked, false, arguments.target.options());
  if (print_diagnostics(checked)) return exit_wrong_input;
  return app::run_run_command(*compiled->module(), arguments.command, driver::files_of(checked));
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("run", "Compile a program in process and run it on npy files or images");
  const auto arguments = std::make_shared<RunArguments>();
  arguments->program.add_to(*command);
  arguments->target.add_to(*command, false);
  arguments->fix.add_to(*command);
  app::add_run_options(*command, arguments->command, false);
  command->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace d2nn::tool
