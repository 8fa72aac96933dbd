// d2nn explain CODE: the long text of a diagnostic; without a code, the catalogue.
#include <cctype>
#include <iostream>
#include <memory>

#include "command.h"
#include "diag/catalogue.h"
#include "diag/explain.h"

namespace d2nn::tool {

namespace {

int explain(std::string code) {
  if (code.empty()) {
    for (const diag::DiagnosticCode& entry : diag::catalogue) std::cout << entry.code << "  " << entry.title << "\n";
    return exit_ok;
  }
  for (char& c : code) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const diag::DiagnosticCode* entry = diag::find_code(code);
  if (!entry) return print_error("there is no code `" + code + "`; `d2nn explain` lists them all");
  const std::string_view text = diag::long_text(code);
  if (text.empty()) {
    std::cout << entry->code << ": " << entry->title << "\n";
  } else {
    std::cout << text;
  }
  return exit_ok;
}

}  // namespace

void add_explain(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("explain", "Explain a diagnostic, or list all of them");
  const auto code = std::make_shared<std::string>();
  command->add_option("CODE", *code, "For example E0302")->type_name("CODE");
  command->callback([code, &status] { status = explain(*code); });
}

}  // namespace d2nn::tool
