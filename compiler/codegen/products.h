// Steps that multiply tensors: their problems for the kernels of kernels/product.h and for the table of ops.
#pragma once

#include <vector>

#include "codegen/kernels/kernels.h"
#include "passes/plan.h"

namespace d2nn::codegen {

/// Whether a step is a matmul or attention; the functions below take only such steps.
bool is_product(const passes::Step& step);

/// Sizes as d2nn_op has them.
KernelProblem product_problem(const passes::Step& step);
/// d2nn_op::axes.
std::vector<std::int64_t> product_axes(const passes::Step& step);

std::int64_t product_scratch_floats(const passes::Step& step, const TargetInfo& target);
/// The name of the step's kernel, equal for equal problems but for what its pointwise stages compute.
std::string product_name(const passes::Step& step);
/// `internal void name(const float* operands..., float* dst, float* scratch, const float* further...)`: one row; at the
/// end the operands of the pointwise stages.
llvm::Function* emit_product_kernel(llvm::Module& module, const passes::Step& step, const TargetInfo& target);

}  // namespace d2nn::codegen
