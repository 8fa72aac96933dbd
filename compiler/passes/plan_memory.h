// Places the buffers of a plan in the arena, at compile time: tensors that never live together share memory,
// and so do those of one size that no row needs both of: of exclusive branches, and of the join that takes one of them.
#pragma once

#include "passes/plan.h"

namespace d2nn::passes {

/// Sets offsets, is_row_local, gradient offsets, the sizes of the arenas and, for inference, tile_rows.
void plan_memory(const graph::Program& program, Plan& plan);

}  // namespace d2nn::passes
