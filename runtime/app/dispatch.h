// What the two kinds of main() share: the module's commands, and a place for more (training).
#pragma once

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <string>

#include "app/commands.h"

extern "C" const d2nn_module* d2nn_app_module(void);

namespace d2nn::app {

/// Parses the command line and runs one command; add_more(app, module, status) may register further ones.
template <class AddMore>
int dispatch(int argc, char** argv, AddMore add_more) {
  try {
    const d2nn_module& module = *d2nn_app_module();
    CLI::App app("The network `" + std::string(module.name) + "`, compiled by d2nn " + module.compiler_version + ". " +
                 module.doc);
    app.require_subcommand(1);
    app.footer("Exit status: 0 well, 1 the data or the weights are wrong, 2 wrong use, 3 internal error.");
    const bool embedded = module.embedded_weights != nullptr;
    int status = well;
    RunCommand run;
    CLI::App* run_app = app.add_subcommand("run", "Run on npy files (results to npy) or on images (answers printed)");
    add_run_options(*run_app, run, embedded);
    run_app->callback([&] { status = run_run_command(module, run); });
    InfoCommand info;
    CLI::App* info_app = app.add_subcommand("info", "Inputs, outputs, nodes, actions, paths and costs");
    add_info_options(*info_app, info);
    info_app->callback([&] { status = run_info_command(module, info); });
    BenchCommand bench;
    CLI::App* bench_app = app.add_subcommand("bench", "Measure the median time of every path and of a batch");
    add_bench_options(*bench_app, bench, embedded);
    bench_app->callback([&] { status = run_bench_command(module, bench); });
    add_more(app, module, status);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return end_parsing(app, error, argv[0]);
    }
    return status;
  } catch (const std::bad_alloc&) {
    return fail(data_is_wrong, "out of memory");
  } catch (const std::exception& error) {
    return fail(defect, std::string("internal error: ") + error.what());
  }
}

}  // namespace d2nn::app
