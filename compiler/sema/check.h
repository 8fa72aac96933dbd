// The door of the sema room: a parsed file in, checked programs out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "diag/diagnostic.h"
#include "graph/graph.h"
#include "paths/paths.h"
#include "sema/imports.h"
#include "source/source_file.h"
#include "syntax/ast.h"

namespace d2nn::sema {

struct CheckOptions {
  /// -DNAME=VALUE, in the order given; a name no network of the file declares is E0802.
  std::vector<std::pair<std::string, std::string>> definitions;
  /// Only this network when not empty (--network); unknown: E0803 with the names there are.
  std::string network;
  /// What else the analysis of each network shall answer, for those who go on with it.
  paths::Questions questions;
  /// Where imports come from; without one every import is an error.
  ImportLoader loader;
};

/// The networks without errors, in order, and the analysis of each.
struct Networks {
  std::vector<graph::Program> programs;
  std::vector<paths::Analysis> analyses;
};

/// Checks the file, what it imports, and every network of it (or the one asked for): names, constants, blocks,
/// parameters, shapes, edge rules, outputs. What is wrong goes to `sink`, one diagnostic per mistake. `files` holds the
/// file's text and receives those of imports.
Networks check(const ast::File& file, source::SourceFiles& files, const CheckOptions& options, diag::Sink& sink);

}  // namespace d2nn::sema
