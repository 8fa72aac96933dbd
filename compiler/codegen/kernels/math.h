// Elementwise functions on vectors, by our own approximations: within a few units in the last place of libm, NaN and
// infinities as there, no calls. Private to codegen.
#pragma once

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

llvm::Value* emit_exp(KernelBuilder& kernel, llvm::Value* x);
/// For x not above 0, or NaN; 0 where the result is a subnormal number. Takes a third less.
llvm::Value* emit_exp_of_negative(KernelBuilder& kernel, llvm::Value* x);
/// Minus infinity at 0, NaN below.
llvm::Value* emit_log(KernelBuilder& kernel, llvm::Value* x);
llvm::Value* emit_tanh(KernelBuilder& kernel, llvm::Value* x);
llvm::Value* emit_erf(KernelBuilder& kernel, llvm::Value* x);
}  // namespace d2nn::codegen
