// Initial weights, PyTorch's defaults for each layer (docs/training.md, "Initial weights"). Conv and dense draw weight
// and bias from U(-1 / sqrt(fan_in), 1 / sqrt(fan_in)), which is kaiming_uniform with a = sqrt(5); batch norm starts at
// 1, 0, 0, 1. The last conv or dense of a control node is scaled down, so that all actions start with scores near zero.
#pragma once

#include <cstdint>
#include <span>

#include "d2nn/module.h"

namespace d2nn::train {

/// Writes every parameter of the module. values: [module.parameter_floats]. The same seed gives the same bits on every
/// machine.
void initialise(const d2nn_module& module, std::uint64_t seed, std::span<float> values);

}  // namespace d2nn::train
