// The door of the sema room: a parsed file in, checked programs out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "diag/diagnostic.h"
#include "graph/graph.h"
#include "sema/imports.h"
#include "source/source_file.h"
#include "syntax/ast.h"

namespace d2nn::sema {

struct CheckOptions {
  /// -DNAME=VALUE, in the order given; a name no network of the file declares is E0802.
  std::vector<std::pair<std::string, std::string>> definitions;
  /// Only this network when not empty (--network); unknown: E0803 with the names there are.
  std::string network;
  /// Where imports come from; without one every import is an error.
  ImportLoader loader;
};

/// Checks the file, what it imports, and every network of it (or the one asked for): names, constants, blocks,
/// parameters, shapes, edge rules, outputs. Returns one program per network without errors, in order; what is wrong
/// goes to `sink`, one diagnostic per mistake. `files` holds the file's text and receives those of imports.
std::vector<graph::Program> check(const ast::File& file, source::SourceFiles& files, const CheckOptions& options,
                                  diag::Sink& sink);

}  // namespace d2nn::sema
