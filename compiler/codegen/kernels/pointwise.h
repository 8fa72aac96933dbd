// Kernels that scale or copy: emission. Private to this room; the door is kernels.h.
#pragma once

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

/// dst[i] = f(src[i]) for i < count, vectors from left to right; dst may equal src.
void emit_elementwise(KernelBuilder& kernel, llvm::Value* src, llvm::Value* dst, std::int64_t count,
                      llvm::function_ref<llvm::Value*(llvm::Value*)> f);

/// The bodies of the row kernels; arguments: src, dst, packed.
void emit_scale(KernelBuilder& kernel, const KernelProblem& problem);
void emit_copy(KernelBuilder& kernel, const KernelProblem& problem);

}  // namespace d2nn::codegen
