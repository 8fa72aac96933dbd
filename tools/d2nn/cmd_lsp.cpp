// d2nn lsp: the language server on standard input and output.
#include <csignal>
#include <iostream>
#include <memory>

#include "command.h"
#include "lsp/lsp.h"

namespace d2nn::tool {

void add_lsp(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("lsp", "Serve an editor over standard input and output (language server)");
  const auto names_channel = std::make_shared<bool>(false);
  command->add_flag("--stdio", *names_channel,
                    "Accepted for clients that pass it: standard input and output are the only channel");
  command->callback([names_channel, &status] {
    std::signal(SIGPIPE, SIG_IGN);  // a client that is gone shows as a failed write, which ends with a status
    std::ios::sync_with_stdio(false);
    status = lsp::serve(std::cin, std::cout);
  });
}

}  // namespace d2nn::tool
