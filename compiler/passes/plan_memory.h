// Places the buffers of a plan in the arena, at compile time: tensors that never live together share memory.
#pragma once

#include "passes/plan.h"

namespace d2nn::passes {

/// Sets offsets, is_row_local, gradient offsets, the sizes of the arenas and, for inference, tile_rows.
void plan_memory(const graph::Program& program, Plan& plan);

}  // namespace d2nn::passes
