#include "driver/check_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "diag/catalogue.h"
#include "syntax/parse.h"

namespace d2nn::driver {

namespace {

/// The bytes of a file, or of standard input; nullopt with errno set.
std::optional<std::string> read_text(const std::string& path) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (!file) return std::nullopt;
  std::string text;
  char chunk[1 << 16];
  errno = 0;
  for (std::size_t n = 0; (n = std::fread(chunk, 1, sizeof chunk, file)) > 0;) text.append(chunk, n);
  const int error = std::ferror(file) != 0 ? (errno != 0 ? errno : EIO) : 0;  // a folder opens, but does not read
  if (file != stdin) std::fclose(file);
  if (error == 0) return text;
  errno = error;
  return std::nullopt;
}

void report(Checked& checked, const diag::DiagnosticCode* code, std::string message) {
  checked.sink.report({.code = code, .message = std::move(message), .range = {source::no_file, 0, 0}});
}

std::string network_names(const Checked& checked) {
  std::string names;
  for (const graph::Program& program : checked.programs) names += (names.empty() ? "`" : ", `") + program.name + "`";
  return names;
}

}  // namespace

Checked check_file(const std::string& path, const sema::CheckOptions& options) {
  std::optional<std::string> text = read_text(path);
  if (!text) {
    Checked checked;
    report(checked, diag::code("E0801"), "cannot read `" + path + "`: " + std::strerror(errno));
    return checked;
  }
  return check_text(path == "-" ? "<stdin>" : path, std::move(*text), options);
}

Checked check_text(const std::string& name, std::string text, const sema::CheckOptions& options) {
  Checked checked;
  const source::FileId file = checked.files.add(name, std::move(text));
  const ast::File tree = syntax::parse(checked.files, file, checked.sink);
  if (checked.sink.has_errors()) return checked;
  checked.programs = sema::check(tree, checked.files, options, checked.sink);
  return checked;
}

bool has_a_network(Checked& checked) {
  if (!checked.programs.empty()) return true;
  report(checked, diag::code("E0805"), "the file holds no network");
  return false;
}

bool has_one_network(Checked& checked, const char* what) {
  if (checked.programs.size() == 1) return true;
  if (!has_a_network(checked)) return false;
  report(checked, diag::code("E0805"),
         std::string(what) + " needs exactly one network, the file holds " + network_names(checked) +
             "; choose one with `--network`");
  return false;
}

}  // namespace d2nn::driver
