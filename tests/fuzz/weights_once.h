// One input of the weights fuzzers: any bytes as a safetensors file.
#pragma once

#include <cstddef>
#include <span>

namespace d2nn::fuzz {

/// Opens the bytes, reads every tensor they claim to have, and loads them into a small module. Aborts where a promise
/// of weights/safetensors.h is broken: a tensor outside the data, a failure without a sentence. Returns whether the
/// header was accepted.
bool weights_once(std::span<const std::byte> bytes);

}  // namespace d2nn::fuzz
