#include "driver/check_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "diag/catalogue.h"
#include "driver/imports.h"
#include "syntax/parse.h"

namespace d2nn::driver {

namespace {

constexpr const char* standard_input = "<stdin>";  // as messages call it

std::string network_names(const Checked& checked) {
  std::string names;
  for (const graph::Program& program : checked.programs) names += (names.empty() ? "`" : ", `") + program.name + "`";
  return names;
}

}  // namespace

void report(Checked& checked, const diag::DiagnosticCode* code, std::string message) {
  checked.sink.report({.code = code, .message = std::move(message), .range = {source::no_file, 0, 0}});
}

Checked check_file(const std::string& path, const sema::CheckOptions& options) {
  std::optional<std::string> text = read_text(path);
  if (!text) {
    Checked checked;
    report(checked, diag::code("E0801"), "cannot read `" + path + "`: " + std::strerror(errno));
    return checked;
  }
  return check_text(path == "-" ? standard_input : path, std::move(*text), options);
}

Checked check_text(const std::string& name, std::string text, const sema::CheckOptions& options) {
  Checked checked;
  const source::FileId file = checked.files.add(name, std::move(text));
  checked.tree = syntax::parse(checked.files, file, checked.sink);
  if (checked.sink.has_errors()) return checked;
  sema::CheckOptions complete = options;
  if (!complete.loader) complete.loader = load_import;
  sema::Networks networks = sema::check(checked.tree, checked.files, complete, checked.sink);
  checked.programs = std::move(networks.programs);
  checked.analyses = std::move(networks.analyses);
  return checked;
}

void analyse(Checked& checked, const paths::Questions& questions) {
  std::vector<paths::Analysis>& analyses = checked.analyses;
  for (std::size_t i = 0; i < checked.programs.size(); ++i) {
    if (i < analyses.size() && paths::answers(analyses[i], questions)) continue;
    analyses.resize(std::max(analyses.size(), i + 1));
    analyses[i] = paths::analyse(checked.programs[i], questions);
  }
}

io::FileRoles files_of(const Checked& checked) {
  io::FileRoles files;
  for (source::FileId id = 0; id < checked.files.size(); ++id) {
    const std::string& name = checked.files[id].name();
    files.reads(name == standard_input ? "/dev/stdin" : name, id == 0 ? "the program" : "the imported module");
  }
  files.reads_running_program();
  return files;
}

bool may_write(Checked& checked, const io::FileRoles& files) {
  const Status status = files.check();
  if (!status.ok()) report(checked, diag::code("E0806"), status.message());
  return status.ok();
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
