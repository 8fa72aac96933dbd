// Convolutions of inference by our own loops (padded_plane_conv.h), on any processor. Inside the room only.
#pragma once

#include <memory>

#include "kernels/library_op.h"

namespace d2nn::kernels {

/// A convolution or a transposed one. weight: PyTorch's layout; bias: [out_c] or nullptr. Throws std::bad_alloc only.
std::unique_ptr<LibraryOp> make_plane_conv(const d2nn_op& op, const float* weight, const float* bias);

}  // namespace d2nn::kernels
