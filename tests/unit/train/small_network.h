// A training module written by hand, tables and functions as the code generator writes them, and a data set made for
// it. The network has the shape of examples/high_low, with dense layers:
//
//   x [4] -> N1 dense(8) -> N2 (dense(16) relu dense(2)), N3 (dense(2)), Q (dense(8) relu dense(2));  N2, N3 -> scores
//   (last) Q ~> high: N2, low: N3
#pragma once

#include <cstdint>
#include <vector>

#include "d2nn/module.h"
#include "train/datasets/dataset.h"

namespace d2nn::test {

/// Nodes in the module's order.
enum SmallNode : std::uint32_t { node_n1, node_q, node_n2, node_n3 };

inline constexpr std::int64_t small_low_cost = 4 * 8 + (8 * 8 + 8 * 2) + 8 * 2;
inline constexpr std::int64_t small_high_cost = 4 * 8 + (8 * 8 + 8 * 2) + (8 * 16 + 16 * 2);

/// Static lifetime, like a compiled module.
const d2nn_module& small_network();
/// The same under another name: another program to a checkpoint.
const d2nn_module& renamed_network();

/// Samples for it. With x[3] = -1 the class is the sign of x[0] (easy: a linear layer can tell), with x[3] = 1 it is
/// whether x[1] and x[2] have the same sign (hard: only the high path can tell). Class 1 is a quarter of the samples
/// when `skewed`.
datasets::Dataset small_data(std::size_t samples, std::uint32_t seed, bool skewed = false);

}  // namespace d2nn::test
