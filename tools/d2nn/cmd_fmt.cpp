// d2nn fmt: programs in the one layout. A file that is laid out well already is not written at all.
#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "command.h"
#include "diag/catalogue.h"
#include "driver/imports.h"
#include "io/atomic_file.h"
#include "syntax/format.h"

namespace d2nn::tool {

namespace {

struct FmtArguments {
  std::vector<std::string> files;
  bool check = false;
};

/// The program as it is and as it should be; nullopt after its diagnostics were printed.
struct Formatted {
  std::string before;
  std::string after;
};

std::optional<Formatted> format_file(const std::string& path) {
  driver::Checked checked;
  std::optional<std::string> text = driver::read_text(path);
  std::optional<std::string> formatted;
  if (!text) {
    checked.sink.report({.code = diag::code("E0801"),
                         .message = "cannot read `" + path + "`: " + std::strerror(errno),
                         .range = {source::no_file, 0, 0}});
  } else {
    const source::FileId file = checked.files.add(path == "-" ? "<stdin>" : path, *text);
    formatted = syntax::format(checked.files, file, checked.sink);
  }
  print_diagnostics(checked);
  if (!formatted) return std::nullopt;
  return Formatted{std::move(*text), std::move(*formatted)};
}

int format_one(const std::string& path, bool check) {
  const std::optional<Formatted> program = format_file(path);
  if (!program) return exit_wrong_input;
  const bool changes = program->before != program->after;
  if (check) {
    if (changes) std::cout << path << "\n";
    return changes ? exit_wrong_input : exit_ok;
  }
  if (path == "-") {
    std::cout << program->after << std::flush;
    return std::cout ? exit_ok : print_error("cannot write the program to standard output");
  }
  if (!changes) return exit_ok;
  const Status written = io::write_file(path, program->after);
  return written.ok() ? exit_ok : print_error(written.message());
}

}  // namespace

void add_fmt(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("fmt", "Lay programs out in the one canonical way");
  const auto arguments = std::make_shared<FmtArguments>();
  command->add_option("FILE", arguments->files, "Programs to rewrite in place (-: standard input to standard output)")
      ->required()
      ->type_name("FILE...");
  command->add_flag("--check", arguments->check, "Change nothing; name the files that would change and exit with 1");
  command->callback([arguments, &status] {
    for (const std::string& file : arguments->files) {
      if (format_one(file, arguments->check) != exit_ok) status = exit_wrong_input;
    }
  });
}

}  // namespace d2nn::tool
