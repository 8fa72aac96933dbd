// What a join of the graph becomes in a plan: the passes choose-exclusive and forward-edge.
#pragma once

#include <optional>

#include "passes/plan.h"

namespace d2nn::passes {

/// Kind and edges of a join that gives, wherever its node is computed, the value of this input. With choose-exclusive a
/// sum whose sources exclude each other and default to zero takes the one that executed (as `first`), zeros when none
/// did; edges that are never taken are left out.
JoinStep plan_join(const graph::Program& program, const graph::NodeInput& input, const paths::Uses& uses,
                   const PassSet& passes);

/// The source whose own tensor the input can read where its node is computed: the join takes one edge, never its
/// default. With forward-edge off, only where the graph has one edge.
std::optional<graph::NodeId> forwarded_source(const graph::Program& program, const graph::NodeInput& input,
                                              const JoinStep& join, const paths::Uses& uses, const PassSet& passes);

}  // namespace d2nn::passes
