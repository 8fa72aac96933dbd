// A program as a plain plan, before any pass.
#pragma once

#include "passes/plan.h"

namespace d2nn::passes {

/// A step for each layer that computes something (layers that only rename a tensor hand it on), a join for each input
/// that is not one edge's value as it is, every node settled and computed at its place in the order, every tensor in
/// memory of its own.
Plan lower(const graph::Program& program, PlanMode mode);

}  // namespace d2nn::passes
