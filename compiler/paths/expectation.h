// Probabilities of execution when each control node that executes takes its actions with given frequencies,
// independently of the others: each a weighted count on its diagram, not a sum over paths.
#pragma once

#include <vector>

#include "paths/paths.h"
#include "paths/predicates.h"

namespace d2nn::paths {

/// By NodeId::index; of an output: that its value is not null. `frequencies` as analyse() takes them. Exact up to the
/// rounding of double.
std::vector<double> execution_probabilities(const graph::Program& program, const Conditions& conditions,
                                            const Frequencies& frequencies);

}  // namespace d2nn::paths
