// Convolution kernels: emission. Private to this room; the door is kernels.h.
#pragma once

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

/// The body of a conv kernel; arguments: src, dst, packed, scratch.
void emit_conv(KernelBuilder& kernel, const KernelProblem& problem);

}  // namespace d2nn::codegen
