// Single paths out of the conditions: the one that an assignment means, and all of them where they are few.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "paths/paths.h"
#include "paths/predicates.h"

namespace d2nn::paths {

/// The path of an assignment, by variable.
Path path_of(const graph::Program& program, const Conditions& conditions, const std::vector<bool>& assignment);

/// All paths, in order of the decisions (first declared action first); nullopt when there are more than `limit`, found
/// out after that many. Takes time for each path, not for each assignment.
std::optional<std::vector<Path>> list_paths(const graph::Program& program, const Conditions& conditions,
                                            std::size_t limit);

}  // namespace d2nn::paths
