// The families of layers; layer.cpp puts them together. Each is defined in the file of its name.
#pragma once

#include "ops/layer.h"

namespace d2nn::ops {

std::span<const Layer> convolutions();
std::span<const Layer> dense_layers();
std::span<const Layer> products();
std::span<const Layer> pools();
std::span<const Layer> norms();
std::span<const Layer> activations();
std::span<const Layer> reductions();
std::span<const Layer> rearrangements();
std::span<const Layer> combinations();
std::span<const Layer> learned_tensors();

}  // namespace d2nn::ops
