// d2nn build: a program to an executable, a library, an object, LLVM IR or assembly.
#include <algorithm>
#include <map>
#include <memory>
#include <string_view>

#include "command.h"
#include "driver/build.h"

namespace d2nn::tool {

namespace {

struct BuildArguments {
  ProgramOptions program;
  TargetArguments target;
  FixArguments fix;
  std::vector<std::string> disabled_passes;
  std::vector<std::string> print_after;
  driver::BuildRequest request;
};

const std::map<std::string, driver::Emit>& emit_names() {
  static const std::map<std::string, driver::Emit> names{
      {"exe", driver::Emit::executable}, {"shared", driver::Emit::shared}, {"static", driver::Emit::static_library},
      {"obj", driver::Emit::object},     {"llvm", driver::Emit::llvm},     {"asm", driver::Emit::assembly},
      {"ast", driver::Emit::ast},        {"graph", driver::Emit::graph},   {"plan", driver::Emit::plan}};
  return names;
}

bool begins_name(std::string_view prefix) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_wrong = [&](char c) { return !is_letter(c) && (c < '0' || c > '9'); };
  return prefix.empty() || (is_letter(prefix.front()) && std::none_of(prefix.begin(), prefix.end(), is_wrong));
}

std::string pass_names() {
  std::string names;
  for (const passes::PassInfo& pass : passes::pipeline) names += (names.empty() ? "" : ", ") + std::string(pass.name);
  return names;
}

int build(BuildArguments& arguments) {
  arguments.request.target = arguments.target.options();
  for (const std::string& name : arguments.disabled_passes)
    arguments.request.passes.disable(passes::find_pass(name)->pass);
  driver::Checked checked = driver::check_file(
      arguments.program.file, arguments.program.check_options(driver::questions_of_build(arguments.request.passes)));
  arguments.fix.apply(checked);
  for (const std::string& name : arguments.print_after)
    arguments.request.print_after.push_back(passes::find_pass(name));
  if (!checked.sink.has_errors()) driver::build(checked, arguments.request);
  return print_diagnostics(checked) ? exit_wrong_input : exit_ok;
}

}  // namespace

void add_build(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("build", "Compile a program to native code");
  const auto arguments = std::make_shared<BuildArguments>();
  arguments->program.add_to(*command);
  arguments->target.add_to(*command, true);
  arguments->fix.add_to(*command);
  command->add_option("-o,--output", arguments->request.output, "What to write")->required()->type_name("OUT");
  command
      ->add_option(
          "--emit", arguments->request.emit,
          "exe (default), shared, static, obj, llvm, asm, ast, graph or plan; shared, static and obj come with OUT.h "
          "and OUT.json")
      ->transform([](const std::string& name) {
        const auto found = emit_names().find(name);
        if (found == emit_names().end())
          throw CLI::ValidationError(
              "`" + name + "` is not one of exe, shared, static, obj, llvm, asm, ast, graph, plan",
              CLI::ExitCodes::ValidationError);
        return std::to_string(static_cast<int>(found->second));
      })
      ->type_name("KIND");
  command->add_option("--weights", arguments->request.weights, "Embed these weights")->type_name("W.safetensors");
  command->add_flag("--train", arguments->request.with_training, "Link the training harness")
      ->excludes(command->get_option("--fix"));
  const CLI::Validator is_pass(
      [](const std::string& given) {
        return passes::find_pass(given) ? "" : "`" + given + "` is not one of " + pass_names();
      },
      "");
  command->add_option("--disable-pass", arguments->disabled_passes, "Disable a pass of the compiler: " + pass_names())
      ->check(is_pass)
      ->type_name("PASS")
      ->allow_extra_args(false);
  command->add_option("--print-after", arguments->print_after, "Print the plan after this pass to standard output")
      ->check(is_pass)
      ->type_name("PASS")
      ->allow_extra_args(false);
  command
      ->add_option("--prefix", arguments->request.prefix,
                   "Prefix of the exported names: the accessor becomes PNAME_module")
      ->check(CLI::Validator(
          [](const std::string& given) { return begins_name(given) ? "" : "`" + given + "` cannot begin a name of C"; },
          ""))
      ->type_name("P");
  command->callback([arguments, &status] { status = build(*arguments); });
}

}  // namespace d2nn::tool
