// Weights to measure a network with that is not trained yet.
#pragma once

#include <string>

#include "d2nn/module.h"
#include "status/status.h"

namespace d2nn::app {

/// Safetensors bytes for all parameters of a module, the same ones every time: uniform by fan-in, small
/// enough that values do not grow in deep networks with sums; norms leave values as they are.
Result<std::string> random_weights(const d2nn_module& module);

}  // namespace d2nn::app
