// d2nn fmt: programs in the one layout. A file that is laid out well already is not written at all.
#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>

#include "command.h"
#include "diag/catalogue.h"
#include "driver/check_file.h"
#include "driver/imports.h"
#include "io/atomic_file.h"
#include "syntax/format.h"

namespace d2nn::tool {

namespace {

struct FmtArguments {
  std::vector<std::string> files;
  bool check = false;
};

/// Writes what is to be written of one file; false when, with --check, it would change. Errors go to the sink of
/// `checked`.
bool format_file(const std::string& path, bool check, driver::Checked& checked) {
  const std::optional<std::string> before = driver::read_text(path);
  if (!before) {
    driver::report(checked, diag::code("E0801"), "cannot read `" + path + "`: " + std::strerror(errno));
    return true;
  }
  const source::FileId file = checked.files.add(path == "-" ? "<stdin>" : path, *before);
  const std::optional<std::string> after = syntax::format(checked.files, file, checked.sink);
  if (!after) return true;
  if (check) {
    if (*before != *after) std::cout << path << "\n";
    return *before == *after;
  }
  if (path == "-") {
    std::cout << *after << std::flush;
    if (!std::cout) driver::report(checked, diag::code("E0806"), "cannot write to standard output");
  } else if (*before != *after) {
    const Status written = io::write_file(path, *after);
    if (!written.ok()) driver::report(checked, diag::code("E0806"), written.message());
  }
  return true;
}

}  // namespace

void add_fmt(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("fmt", "Format programs in the canonical layout");
  const auto arguments = std::make_shared<FmtArguments>();
  command->add_option("FILE", arguments->files, "Programs to rewrite in place (-: standard input to standard output)")
      ->required()
      ->type_name("FILE...");
  command->add_flag("--check", arguments->check, "Change nothing; name the files that would change and exit with 1");
  command->callback([arguments, &status] {
    for (const std::string& file : arguments->files) {
      driver::Checked checked;
      const bool is_laid_out = format_file(file, arguments->check, checked);
      if (print_diagnostics(checked) || !is_laid_out) status = exit_wrong_input;
    }
  });
}

}  // namespace d2nn::tool
