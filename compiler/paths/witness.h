// A shortest list of decisions after which a condition holds whatever else is decided.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "paths/predicates.h"

namespace d2nn::paths {

using DecisionList = std::vector<std::pair<graph::NodeId, std::uint32_t>>;

/// Decisions (control node, action) in topological order such that some path takes them all and every path that does
/// satisfies `condition`; nullopt when no path satisfies it. As few as possible while the search stays below
/// `state_limit` states; beyond it a list of which no decision can be left out. Among equally short lists, one of early
/// control nodes and first declared actions.
std::optional<DecisionList> shortest_witness(const Predicate& condition, const Conditions& conditions,
                                             const DiagramSession& session, std::size_t state_limit);

}  // namespace d2nn::paths
