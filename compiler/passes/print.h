// A Plan as text for people and for tests; nothing reads it back.
#pragma once

#include <string>

#include "graph/graph.h"
#include "passes/plan.h"

namespace d2nn::passes {

/// Tensors with their places, then the schedule with the joins and steps that each computes, then the joins of
/// the outputs. `program` is what the plan was made of. The same plan gives the same text.
std::string print(const graph::Program& program, const Plan& plan);

}  // namespace d2nn::passes
