// Where the tensors of a plan stand, decided at compile time.
#pragma once

#include <string>
#include <vector>

#include "passes/plan.h"

namespace d2nn::passes {

/// Inference: each tensor in a place of its own, in the arena. Sets offsets, is_row_local, the sizes and tile_rows, as
/// the pass place-memory does, which lets tensors share places.
void place_apart(Plan& plan);

/// Training: each value in a place of its own, and a gradient for each that stands behind a trained parameter. Sets
/// offsets, gradient offsets and the sizes of the arenas.
void place_for_training(const graph::Program& program, Plan& plan);

/// What is wrong with the places of a plan for inference: tensors outside their memory, and any two that overlap where
/// some row needs both. Empty: nothing.
std::vector<std::string> check_places(const graph::Program& program, const Plan& plan);

}  // namespace d2nn::passes
