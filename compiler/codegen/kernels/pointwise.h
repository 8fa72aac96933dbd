// Kernels that scale or copy: emission. Private to this room; the door is kernels.h.
#pragma once

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

/// The bodies of the row kernels; arguments: src, dst, packed.
void emit_scale(KernelBuilder& kernel, const KernelProblem& problem);
void emit_copy(KernelBuilder& kernel, const KernelProblem& problem);

}  // namespace d2nn::codegen
