// The paths of a network as text and as JSON (docs/cli.md, `check --paths`).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "graph/graph.h"
#include "paths/paths.h"

namespace d2nn::tool {

/// A table: number of paths (or why they were not counted), least and greatest cost, then one line per path when they
/// are listed.
std::string paths_text(const graph::Program& program, const paths::Analysis& analysis);

/// {"network", "path_count" (decimal string), "paths": null beyond 10,000, else [{"actions", "executed", "cost",
/// "null_outputs"}], "least_cost", "greatest_cost", "costs_are_exact"}; paths that were not counted: "path_count" null
/// and "not_counted", the reason.
nlohmann::ordered_json paths_json(const graph::Program& program, const paths::Analysis& analysis);

}  // namespace d2nn::tool
