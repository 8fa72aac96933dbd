// d2nn import: PyTorch's weights under the names of a network.
#include <memory>

#include "command.h"
#include "weight_import/import.h"

namespace d2nn::tool {

namespace {

struct ImportArguments {
  ProgramOptions program;
  weight_import::Request request;
};

}  // namespace

void add_import(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("import", "Convert PyTorch weights (safetensors) to the parameter names of a network");
  const auto arguments = std::make_shared<ImportArguments>();
  weight_import::Request& request = arguments->request;
  arguments->program.add_to(*command);
  command->add_option("--from", request.from, "The weights to import, safetensors of any float type")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--map", request.map,
                   "Names in the file and in the network, a JSON object; null leaves a tensor out")
      ->type_name("FILE");
  command
      ->add_option("--rename", request.rules, "Replace what REGEX matches in names; may be repeated, applied in order")
      ->type_name("REGEX=REPLACEMENT")
      ->allow_extra_args(false);
  command->add_flag("--allow-unused", request.allow_unused, "Leave out tensors that the network has no place for");
  command->add_option("-o,--output", request.output, "The weights to write")->required()->type_name("FILE");
  command->callback([arguments, &status] {
    driver::Checked checked = driver::check_file(arguments->program.file, arguments->program.check_options());
    weight_import::import_weights(checked, arguments->request);
    if (print_diagnostics(checked)) status = exit_wrong_input;
  });
}

}  // namespace d2nn::tool
