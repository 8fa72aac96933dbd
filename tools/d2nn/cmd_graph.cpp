// d2nn graph: the network drawn as in the paper, with a trace what samples did.
#include <memory>

#include "command.h"
#include "draw/frequencies.h"
#include "draw/render.h"

namespace d2nn::tool {

namespace {

struct GraphArguments {
  ProgramOptions program;
  std::string output;
  std::string trace;
};

void draw_graph(driver::Checked& checked, const GraphArguments& arguments) {
  if (checked.sink.has_errors() || !driver::has_one_network(checked, "a drawing")) return;
  io::FileRoles files = driver::files_of(checked);
  files.reads(arguments.trace, "the trace (`--trace`)");
  files.writes(arguments.output, "the drawing (`-o`)", "give another name with `-o`");
  if (!driver::may_write(checked, files)) return;
  const graph::Program& program = checked.programs.front();
  std::optional<draw::Frequencies> frequencies;
  if (!arguments.trace.empty()) {
    frequencies = draw::read_trace(arguments.trace, program, checked.sink);
    if (!frequencies) return;
  }
  draw::draw({program, checked.analyses.front(), frequencies ? &*frequencies : nullptr}, arguments.output,
             checked.sink);
}

/// CLI11's form of a check: empty when the name is one.
std::string wrong_drawing_name(const std::string& path) {
  return draw::is_drawing_name(path) ? "" : "cannot draw to `" + path + "`: the name must end in .svg, .dot or .html";
}

}  // namespace

void add_graph(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("graph", "Draw a network");
  const auto arguments = std::make_shared<GraphArguments>();
  arguments->program.add_to(*command);
  command->add_option("-o,--output", arguments->output, "Drawing to write: .svg, .dot or .html")
      ->required()
      ->check(CLI::Validator(wrong_drawing_name, ""))
      ->type_name("OUT");
  command->add_option("--trace", arguments->trace, "Show how often nodes and actions were taken: a trace of `d2nn run`")
      ->type_name("FILE");
  command->callback([arguments, &status] {
    driver::Checked checked =
        driver::check_file(arguments->program.file, arguments->program.check_options(paths::all_paths));
    draw_graph(checked, *arguments);
    if (print_diagnostics(checked)) status = exit_wrong_input;
  });
}

}  // namespace d2nn::tool
