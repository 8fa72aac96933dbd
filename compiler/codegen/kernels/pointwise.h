// Kernels that look at each element, pixel or channel by itself: emission. Private to this room; the door is kernels.h.
#pragma once

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

/// dst[i] = f(src[i]) for i < count, vectors from left to right; dst may equal src.
void emit_elementwise(KernelBuilder& kernel, llvm::Value* src, llvm::Value* dst, std::int64_t count,
                      llvm::function_ref<llvm::Value*(llvm::Value*)> f);

/// The bodies of the row kernels; arguments: src, dst, packed.
void emit_activation_layer(KernelBuilder& kernel, const KernelProblem& problem, Activation activation);
void emit_scale(KernelBuilder& kernel, const KernelProblem& problem);
void emit_softmax(KernelBuilder& kernel, const KernelProblem& problem);
void emit_pad_channels(KernelBuilder& kernel, const KernelProblem& problem);
void emit_copy(KernelBuilder& kernel, const KernelProblem& problem);
/// Of a binary kernel; arguments: a, b, dst.
void emit_binary(KernelBuilder& kernel, const KernelProblem& problem);

}  // namespace d2nn::codegen
