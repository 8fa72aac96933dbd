// The door: which emitter serves which kind, and what each needs from the runtime.
#include "codegen/kernels/kernels.h"

#include <llvm/IR/Function.h>
#include <llvm/IR/Module.h>

#include <stdexcept>

#include "codegen/kernels/conv.h"
#include "codegen/kernels/conv_plan.h"
#include "codegen/kernels/dense.h"
#include "codegen/kernels/kernel_builder.h"
#include "codegen/kernels/pointwise.h"
#include "codegen/kernels/pool.h"
#include "codegen/kernels/top.h"
#include "expr/recognise.h"

namespace d2nn::codegen {

using ops::Kernel;

namespace {

// Kernels that are a loop or two; the others stay out of line.
bool is_small(Kernel kind) {
  return kind == Kernel::copy || kind == Kernel::dropout || kind == Kernel::batch_norm || kind == Kernel::normalize;
}

}  // namespace

std::size_t further_operands(const PointwiseStages& stages) {
  std::size_t count = 0;
  for (const expr::Expression& stage : stages) count += stage.operand_count() - 1;
  return count;
}

PackChoice choose_pack(const KernelProblem& problem, const TargetInfo& target) {
  switch (problem.kind) {
    case Kernel::conv:
      return {D2NN_PACK_CONV, static_cast<std::uint32_t>(plan_conv(problem, target).block)};
    case Kernel::dense:
      return {D2NN_PACK_DENSE, static_cast<std::uint32_t>(dense_block(problem, target))};
    case Kernel::batch_norm:
    case Kernel::normalize:
      return {D2NN_PACK_SCALE, 1};
    default:
      return {};
  }
}

bool can_fuse_pool(const KernelProblem& conv, const PoolStage& pool) {
  // The rows that a band hands to the next must be as many as the padding above the first; otherwise the first band
  // would need rows of its own.
  return conv.kind == Kernel::conv && conv.pointwise.size() == 1 && expr::is_relu(conv.pointwise[0]) &&
         pool.kernel_h >= pool.stride_h && pool.kernel_h - pool.stride_h == pool.pad_h &&
         2 * pool.pad_h <= pool.kernel_h && 2 * pool.pad_w <= pool.kernel_w;
}

std::int64_t scratch_floats(const KernelProblem& problem, const TargetInfo& target) {
  return problem.kind == Kernel::conv ? plan_conv(problem, target).scratch : 0;
}

llvm::Function* emit_row_kernel(llvm::Module& module, const KernelProblem& problem, const TargetInfo& target,
                                const std::string& name) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* pointer = llvm::PointerType::getUnqual(context);
  const std::vector<llvm::Type*> parameters(4 + further_operands(problem.pointwise), pointer);
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), parameters, false);
  KernelBuilder kernel(module, name, type, target, is_small(problem.kind));
  switch (problem.kind) {
    case Kernel::conv:
      emit_conv(kernel, problem);
      break;
    case Kernel::max_pool:
    case Kernel::avg_pool:
      emit_pool(kernel, problem);
      break;
    case Kernel::top:
      emit_top(kernel, problem);
      break;
    case Kernel::batch_norm:
    case Kernel::normalize:
      emit_scale(kernel, problem);
      break;
    case Kernel::copy:
    case Kernel::dropout:
      emit_copy(kernel, problem);
      break;
    default:
      throw std::logic_error("emit_row_kernel: this kind has a kernel of another form");
  }
  return kernel.finish();
}

llvm::Function* emit_dense_kernel(llvm::Module& module, const KernelProblem& problem, const TargetInfo& target,
                                  const std::string& name) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* pointer = llvm::PointerType::getUnqual(context);
  llvm::Type* integer = llvm::Type::getInt64Ty(context);
  std::vector<llvm::Type*> parameters{pointer, integer, pointer, integer, pointer, integer, pointer};
  for (std::size_t i = 0; i < further_operands(problem.pointwise); ++i) {
    parameters.insert(parameters.end(), {pointer, integer});
  }
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), parameters, false);
  KernelBuilder kernel(module, name, type, target, false);
  emit_dense(kernel, problem);
  return kernel.finish();
}

}  // namespace d2nn::codegen
