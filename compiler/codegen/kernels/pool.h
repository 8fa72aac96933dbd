// Pooling kernels: emission. Private to this room; the door is kernels.h.
#pragma once

#include "codegen/kernels/kernel_builder.h"
#include "codegen/kernels/strided_rows.h"

namespace d2nn::codegen {

/// The body of max_pool and avg_pool kernels; arguments: src, dst.
void emit_pool(KernelBuilder& kernel, const KernelProblem& problem);

/// One row of a max pool over values that are +0 or greater, or NaN, as relu_for_pool makes them: the greatest of the
/// windows over the `kernel_h` rows at `rows`, `pitch` floats apart, to dst.
void emit_relu_pool_row(KernelBuilder& kernel, const RowWindow& window, std::int64_t kernel_h, std::int64_t pitch,
                        llvm::Value* rows, llvm::Value* dst);

/// relu whose zeros are +0, so that its results order as unsigned integers, NaN above all.
llvm::Value* relu_for_pool(KernelBuilder& kernel, llvm::Value* x);

}  // namespace d2nn::codegen
