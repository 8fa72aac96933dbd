// The paths of a network as text and as JSON (docs/cli.md, `check --paths`).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "paths/paths.h"

namespace d2nn::tool {

/// What --sort takes. Ties, and `decisions` itself: in order of the decisions, first declared action first.
enum class PathOrder { decisions, cost, nodes, null };

/// nodes: by the number of executed nodes; null: by the number of null outputs. Descending: the same order backwards,
/// ties included.
void sort_paths(std::vector<paths::Path>& paths, PathOrder order, bool is_descending);

/// The action frequencies that the analysis was made with.
struct FrequencySource {
  std::string trace;                    // empty: all actions alike
  std::vector<std::string> unobserved;  // control nodes that no sample of the trace executed: their actions count alike
};

/// Number of paths (or why they were not counted), least and greatest cost, then one line per path when they are
/// listed, else the least and the greatest path, the expected cost and the outputs that are never null. At the end what
/// is worth knowing: when outputs are null, nodes that never execute. With `frequencies` the expected cost in any case
/// and how often each node executes. Null: all actions alike, and nothing was asked.
std::string paths_text(const graph::Program& program, const paths::Analysis& analysis,
                       const FrequencySource* frequencies = nullptr);

/// {"network", "path_count" (decimal string), "paths": null beyond 10,000, else [{"actions", "executed", "cost",
/// "null_outputs"}], "least_cost", "greatest_cost", "costs_are_exact", and the rest as docs/cli.md lists it}; paths
/// that were not counted: "path_count" null and "not_counted", the reason.
nlohmann::ordered_json paths_json(const graph::Program& program, const paths::Analysis& analysis,
                                  const FrequencySource* frequencies = nullptr);

}  // namespace d2nn::tool
