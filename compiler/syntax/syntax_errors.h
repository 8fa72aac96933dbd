// What the parser says when a program does not follow the grammar, and where it goes on: at the end of the bracket or
// the statement that is wrong, so that independent mistakes are all reported and none twice.
#pragma once

#include <antlr4-runtime.h>

#include <memory>
#include <string_view>

#include "diag/diagnostic.h"
#include "syntax/tokens.h"

namespace d2nn::syntax {

/// An error strategy for D2nnParser that reports to `sink` (E0106 to E0110, E0112). Tokens and sink must outlive it.
std::shared_ptr<antlr4::ANTLRErrorStrategy> make_error_strategy(const TokenList& tokens, std::string_view text,
                                                                source::FileId file, diag::Sink& sink);

}  // namespace d2nn::syntax
