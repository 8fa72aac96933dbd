// What one sample did, in words: for people who run a network on images.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "d2nn/module.h"

namespace d2nn::app {

/// "1 of 2 (0.125, 2.5)": the place of the largest value, and the values (the five largest with their places when there
/// are more than ten); "0.5" for a single value; "null" when there is none.
std::string answer_text(std::span<const float> values, bool is_valid);

/// "Q: high, R: skipped": the action of every control node. actions: [controls].
std::string path_text(const d2nn_module& module, const std::int32_t* actions);

/// "N1 Q N2": the nodes that ran, in an order in which they run. executed: [nodes].
std::string executed_text(const d2nn_module& module, const std::uint8_t* executed);

/// "[3, 112, 112]".
std::string shape_text(const d2nn_tensor_info& tensor);

/// "1,234,567".
std::string count_text(std::int64_t count);

}  // namespace d2nn::app
