// The greatest values of a vector: emission. Private to this room; the door is kernels.h.
#pragma once

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

/// The body of a top kernel; arguments: src [in_c], dst [out_c].
void emit_top(KernelBuilder& kernel, const KernelProblem& problem);

}  // namespace d2nn::codegen
