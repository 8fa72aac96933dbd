// The backward of joins (docs/training.md, "The losses"). The forward is exec/join.h, with training's tables.
#pragma once

#include <cstdint>

#include "d2nn/module.h"
#include "train/step_runner.h"

namespace d2nn::train {

/// Adds the gradient of a join's result to those of its edges' sources, for the listed rows. Sources that were skipped,
/// network inputs, dummies and default values get none. `sum`, `mean`, `concat` go to every edge, `first`, `last` to
/// the edge taken, `max` to the first edge that holds the greatest value (or NaN) of an element.
void join_backward(const d2nn_frame& frame, const StepState& state, std::uint32_t join, const std::int32_t* rows,
                   std::int64_t count) noexcept;

}  // namespace d2nn::train
