// remaining_costs (remaining_costs.h) from conditions that are there already. Used inside the paths room only.
#pragma once

#include <optional>

#include "paths/predicates.h"
#include "paths/remaining_costs.h"

namespace d2nn::paths {

/// The variables of `conditions` must follow the topological order. Nothing when the tables grow too large.
std::optional<RemainingCosts> remaining_costs_of(const graph::Program& program, const Conditions& conditions);

}  // namespace d2nn::paths
