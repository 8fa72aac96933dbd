// Dense kernels: emission. Private to this room; the door is kernels.h.
#pragma once

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

/// Units per block of the packing. 1: the weights of a unit lie together and sums run along the input; more: a multiple
/// of the vector width, a vector holds neighbouring units.
std::int64_t dense_block(const KernelProblem& problem, const TargetInfo& target);

/// The body of a dense kernel; arguments: src, src_stride, rows, n, dst, dst_stride, packed.
void emit_dense(KernelBuilder& kernel, const KernelProblem& problem);

}  // namespace d2nn::codegen
