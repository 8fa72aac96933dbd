// d2nn: the command table. Each command stands in cmd_NAME.cpp.
#include <exception>
#include <iostream>
#include <new>

#include "app/commands.h"
#include "command.h"
#include "d2nn/version.h"
#include "diag/internal_error.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app("d2nn: a language and compiler for dynamic deep neural networks");
  app.set_version_flag("--version", std::string("d2nn ") + D2NN_VERSION);
  app.require_subcommand(1);
  int status = d2nn::tool::exit_ok;
  d2nn::tool::add_check(app, status);
  d2nn::tool::add_build(app, status);
  d2nn::tool::add_run(app, status);
  d2nn::tool::add_bench(app, status);
  d2nn::tool::add_train(app, status);
  d2nn::tool::add_eval(app, status);
  d2nn::tool::add_import(app, status);
  d2nn::tool::add_graph(app, status);
  d2nn::tool::add_fmt(app, status);
  d2nn::tool::add_lsp(app, status);
  d2nn::tool::add_explain(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return d2nn::app::end_parsing(app, error, "d2nn");
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::cerr << "error: out of memory\n";
    return d2nn::tool::exit_wrong_input;
  } catch (const std::exception& error) {
    std::cerr << "internal error: " << error.what()
              << "\nThis is a defect of d2nn; please report it with the program that caused it.\n";
    return d2nn::tool::exit_internal;
  }
}
