// Convolutions by Winograd's algorithm, which the library has, and which not every row may take. Inside the room only.
#pragma once

#include <memory>

#include "d2nn/module.h"
#include "kernels/library_op.h"
#include "kernels/onednn_shim.h"

namespace d2nn::kernels {

/// The magnitude that every value of a row must stay below for Winograd's algorithm to take it. Its transforms add and
/// subtract the values of a tile: an infinity or NaN would spread over outputs that do not see it, values near the
/// end of the range would overflow on the way, and very large ones drown their neighbours in rounding errors.
/// weight: PyTorch's layout; bias: [out_c] or nullptr. 0 when no row is safe.
float greatest_winograd_value(const d2nn_op& op, const float* weight, const float* bias);

/// A convolution by the library's `algorithm` for the rows that stay below greatest_winograd_value, by our own loops
/// for the others. `direct` is for tests: every processor has it. Throws dnnl::error (unimplemented: the library has no
/// such kernel) and std::bad_alloc.
std::unique_ptr<LibraryOp> make_guarded_conv(const d2nn_op& op, onednn::Algorithm algorithm, const float* weight,
                                             const float* bias);

}  // namespace d2nn::kernels
