// d2nn bench: the same as `./net bench`, on a module compiled into this process.
#include <memory>

#include "app/commands.h"
#include "command.h"
#include "driver/build.h"

namespace d2nn::tool {

namespace {

struct BenchArguments {
  ProgramOptions program;
  TargetArguments target;
  FixArguments fix;
  app::BenchCommand command;
};

int bench(const BenchArguments& arguments) {
  driver::Checked checked =
      driver::check_file(arguments.program.file, arguments.program.check_options(driver::questions_of_build({})));
  arguments.fix.apply(checked);
  std::optional<driver::InProcess> compiled;
  if (!checked.sink.has_errors()) compiled = driver::InProcess::compile(checked, false, arguments.target.options());
  if (print_diagnostics(checked)) return exit_wrong_input;
  return app::run_bench_command(*compiled->module(), arguments.command);
}

}  // namespace

void add_bench(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("bench", "Measure the median time of every path and of a batch");
  const auto arguments = std::make_shared<BenchArguments>();
  arguments->program.add_to(*command);
  arguments->target.add_to(*command, false);
  arguments->fix.add_to(*command);
  app::add_bench_options(*command, arguments->command, false);
  command->callback([arguments, &status] { status = bench(*arguments); });
}

}  // namespace d2nn::tool
