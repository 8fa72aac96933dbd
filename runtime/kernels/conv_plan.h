// How an inference convolution is computed: inside the room only, and its benchmark.
#pragma once

#include <memory>

#include "d2nn/module.h"
#include "kernels/library_op.h"

namespace d2nn::kernels {

enum class ConvPlan {
  flat,           // our flat convolution (padded_plane_conv.h), planar throughout
  planar_source,  // the library's first-layer kernel: planar operand, blocked result, reordered back
  blocked,        // blocked on both sides, reordered
  winograd        // the same by Winograd's algorithm: 3x3, stride 1; rows it cannot take are computed flat
};

/// The plan measured fastest for such a convolution (table in conv_plan.cpp).
ConvPlan choose_plan(const d2nn_op& op);

/// The magnitude that every value of a row must stay below for Winograd's algorithm to take it. Its transforms add and
/// subtract the values of a tile: an infinity or NaN would spread over outputs that do not see it, values near the
/// end of the range would overflow on the way, and very large ones drown their neighbours in rounding errors.
/// weight: PyTorch's layout; bias: [out_c] or nullptr. 0 when no row is safe.
float greatest_winograd_value(const d2nn_op& op, const float* weight, const float* bias);

/// LibraryOp::create with a given plan. D2NN_INTERNAL_ERROR when the library has no such kernel.
Result<std::unique_ptr<LibraryOp>> create_library_op(const d2nn_op& op, ConvPlan plan, const float* weight,
                                                     const float* bias);

/// A convolution by the plan `fast` (of the library) for the rows that stay below greatest_winograd_value, flat for the
/// others: what create_library_op makes for `winograd`, which not every processor has.
Result<std::unique_ptr<LibraryOp>> create_guarded_op(const d2nn_op& op, ConvPlan fast, const float* weight,
                                                     const float* bias);

}  // namespace d2nn::kernels
