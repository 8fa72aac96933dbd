// One input of the language server's fuzzers: any bytes as what a client sends.
#pragma once

#include <string_view>

namespace d2nn::fuzz {

/// Serves the bytes as a stream; then, after `initialize`, each of their lines as the body of a message, so that what
/// is near JSON reaches the features. Aborts where a promise of lsp/lsp.h is broken: a status that the protocol does
/// not know, an answer that is no message.
void lsp_once(std::string_view bytes);

}  // namespace d2nn::fuzz
