// Lays out one op's weights for the kernel that the compiler chose (d2nn_pack in d2nn/module.h), with a folded batch
// norm multiplied in. The arithmetic of folding and of scales is done in double and rounded once.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "d2nn/module.h"
#include "status/status.h"
#include "storage/aligned_buffer.h"

namespace d2nn::weights {

/// The weights of `op` in the layout of op.pack; `parameters` is the module's flat vector. Empty for NONE and for
/// LIBRARY.
///
/// CONV: block b, lane l is filter b * block + l; with groups, each filter has in_c / groups input channels, and a
/// block never straddles two groups: out_c / groups must be a multiple of the block, so the compiler sets block 1 where
/// it is not. DENSE: in = in_c * in_h * in_w, in C, H, W order, as PyTorch flattens. Padding lanes are zero in weights
/// and bias. D2NN_INVALID_MODULE: an index or a size of the op does not fit the module's parameters, or a block
/// straddles groups. D2NN_INVALID_WEIGHTS: a folded or scale value is not finite (a variance and epsilon of zero).
/// Throws std::bad_alloc only.
Result<storage::AlignedFloats> pack_op(const d2nn_module& module, const d2nn_op& op, std::span<const float> parameters);

/// Weight and bias of a conv or dense in PyTorch's layout, [out_c, in_c / groups, kernel_h, kernel_w] or [units, in],
/// and [out_c], after folding.
struct FoldedWeights {
  std::vector<float> weight;
  std::vector<float> bias;  // zeros where the op has none
};

/// For LIBRARY ops; the same failures as pack_op.
Result<FoldedWeights> folded_weights(const d2nn_module& module, const d2nn_op& op, std::span<const float> parameters);

}  // namespace d2nn::weights
