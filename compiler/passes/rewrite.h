// What passes share: setting the order anew, leaving out what became superfluous, and taking a step into the one before
// it.
#pragma once

#include <cstddef>
#include <optional>

#include "passes/plan.h"

namespace d2nn::passes {

/// Sets nodes and schedule from conditions, needs and never_executes; nodes keep what they compute. Topological, but
/// the nodes that one action alone activates come right behind their control node where their inputs are ready, so that
/// a decision's branches stand together in the code. A node that is needed only after some decisions is settled at its
/// place and computed right behind the last of them.
void order_schedule(const graph::Program& program, Plan& plan);

/// Leaves out the joins, steps and tensors that the schedule does not compute, numbers the others in its order, and
/// places each tensor in memory of its own.
void compact(Plan& plan);

/// The step of the node (by its position in NodePlan::steps) that alone reads the result of the one at `position`;
/// nullopt when there is none or the result is the node's value.
std::optional<std::size_t> only_reader(const Plan& plan, const NodePlan& node, std::size_t position);

/// The only reader, where it reads nothing else and under the shape in which the result is made.
std::optional<std::size_t> sole_reader(const Plan& plan, const NodePlan& node, std::size_t position);

/// Whether fuse_pointwise takes the expression at `position` into the kernel before it.
bool fits_kernel_before(const Plan& plan, const NodePlan& node, std::size_t position);

/// Makes the step at `reader` a stage of the one at `position`, which must be read by it alone, and which takes its
/// place: there all is computed that the stage reads.
void absorb(Plan& plan, NodePlan& node, std::size_t position, std::size_t reader, StageKind kind);

}  // namespace d2nn::passes
