// d2nn graph: the network drawn as in the paper.
#include <memory>

#include "command.h"
#include "draw/render.h"

namespace d2nn::tool {

namespace {

struct GraphArguments {
  ProgramOptions program;
  std::string output;
};

int draw_graph(const GraphArguments& arguments) {
  const driver::Checked checked = driver::check_file(arguments.program.file, arguments.program.check_options());
  if (print_diagnostics(checked)) return exit_wrong_input;
  if (checked.programs.empty()) return print_error("the file holds no network");
  if (checked.programs.size() > 1) return print_error("the file holds several networks; choose one with `--network`");
  const graph::Program& program = checked.programs.front();
  const ::d2nn::Status status = draw::draw(program, paths::analyse(program), arguments.output);
  return status.ok() ? exit_ok : print_error(status.message());
}

}  // namespace

void add_graph(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("graph", "Draw a network");
  const auto arguments = std::make_shared<GraphArguments>();
  arguments->program.add_to(*command);
  command->add_option("-o,--output", arguments->output, "Drawing to write: .svg, .dot or .html")
      ->required()
      ->type_name("OUT");
  command->callback([arguments, &status] { status = draw_graph(*arguments); });
}

}  // namespace d2nn::tool
