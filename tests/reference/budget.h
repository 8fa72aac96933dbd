// Cost budgets as docs/language.md has them, by trying every completion: the judge of the tables that compiled modules
// carry.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>

#include "graph/graph.h"

namespace d2nn::reference {

/// Decisions by control node; those that are missing are free.
using Decided = std::map<graph::NodeId, std::uint32_t>;

/// The least cost over all paths that take the decisions.
std::int64_t least_cost(const graph::Program& program, const Decided& decided);

/// For Options::policy: the best score among the actions after which some path stays within `budget` multiplications,
/// ties to the first declared. Rows decide in topological order; one policy serves one run. At least one path must fit.
std::function<std::uint32_t(std::size_t, graph::NodeId, std::span<const float>)> budget_policy(
    const graph::Program& program, std::int64_t budget);

}  // namespace d2nn::reference
