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

namespace d2nn::codegen {

using ops::OpKind;

namespace {

std::optional<Activation> activation_of(OpKind kind) {
  switch (kind) {
    case OpKind::relu:
      return Activation::relu;
    case OpKind::leaky_relu:
      return Activation::leaky_relu;
    case OpKind::sigmoid:
      return Activation::sigmoid;
    case OpKind::tanh:
      return Activation::tanh;
    case OpKind::gelu:
      return Activation::gelu;
    case OpKind::silu:
      return Activation::silu;
    default:
      return std::nullopt;
  }
}

bool is_copy(OpKind kind) {
  return kind == OpKind::identity || kind == OpKind::flatten || kind == OpKind::reshape || kind == OpKind::dropout;
}

// Kernels that are a loop or two; the others stay out of line.
bool is_small(OpKind kind) {
  return activation_of(kind) || is_copy(kind) || kind == OpKind::batch_norm || kind == OpKind::normalize ||
         kind == OpKind::pad_channels;
}

}  // namespace

TargetInfo target_info(std::string_view arch, std::string_view features) {
  const auto has = [&](std::string_view feature) {
    const std::string wanted = "+" + std::string(feature);
    for (std::size_t at = features.find(wanted); at != std::string_view::npos; at = features.find(wanted, at + 1)) {
      const std::size_t end = at + wanted.size();
      if (end == features.size() || features[end] == ',') return true;
    }
    return false;
  };
  if (arch == "aarch64" || arch == "arm64") return {4, 32};
  if (has("avx512f") && has("avx512vl") && has("avx512dq") && has("avx512bw")) return {16, 32};
  if (has("avx2") && has("fma")) return {8, 16};
  return {4, 16};
}

PackChoice choose_pack(const KernelProblem& problem, const TargetInfo& target) {
  switch (problem.kind) {
    case OpKind::conv:
      return {D2NN_PACK_CONV, static_cast<std::uint32_t>(plan_conv(problem, target).block)};
    case OpKind::dense:
      return {D2NN_PACK_DENSE, static_cast<std::uint32_t>(dense_block(problem, target))};
    case OpKind::batch_norm:
    case OpKind::normalize:
      return {D2NN_PACK_SCALE, 1};
    default:
      return {};
  }
}

bool has_row_kernel(OpKind kind) {
  return kind != OpKind::dense && kind != OpKind::add && kind != OpKind::multiply && kind != OpKind::concat;
}

bool can_fuse_pool(const KernelProblem& conv, const PoolStage& pool) {
  // The rows that a band hands to the next must be as many as the padding above the first; otherwise the first band
  // would need rows of its own.
  return conv.kind == OpKind::conv && conv.activation == Activation::relu && pool.kernel_h >= pool.stride_h &&
         pool.kernel_h - pool.stride_h == pool.pad_h && 2 * pool.pad_h <= pool.kernel_h &&
         2 * pool.pad_w <= pool.kernel_w;
}

std::int64_t scratch_floats(const KernelProblem& problem, const TargetInfo& target) {
  return problem.kind == OpKind::conv ? plan_conv(problem, target).scratch : 0;
}

llvm::Function* emit_row_kernel(llvm::Module& module, const KernelProblem& problem, const TargetInfo& target,
                                const std::string& name) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* pointer = llvm::PointerType::getUnqual(context);
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), {pointer, pointer, pointer, pointer}, false);
  KernelBuilder kernel(module, name, type, target, is_small(problem.kind));
  const std::optional<Activation> activation = activation_of(problem.kind);
  if (activation) {
    emit_activation_layer(kernel, problem, *activation);
  } else if (is_copy(problem.kind)) {
    emit_copy(kernel, problem);
  } else {
    switch (problem.kind) {
      case OpKind::conv:
        emit_conv(kernel, problem);
        break;
      case OpKind::max_pool:
      case OpKind::avg_pool:
        emit_pool(kernel, problem);
        break;
      case OpKind::global_avg_pool:
        emit_global_pool(kernel, problem);
        break;
      case OpKind::batch_norm:
      case OpKind::normalize:
        emit_scale(kernel, problem);
        break;
      case OpKind::softmax:
        emit_softmax(kernel, problem);
        break;
      case OpKind::pad_channels:
        emit_pad_channels(kernel, problem);
        break;
      default:
        throw std::logic_error("emit_row_kernel: this kind has no row kernel (has_row_kernel)");
    }
  }
  return kernel.finish();
}

llvm::Function* emit_binary_kernel(llvm::Module& module, const KernelProblem& problem, const TargetInfo& target,
                                   const std::string& name) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* pointer = llvm::PointerType::getUnqual(context);
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), {pointer, pointer, pointer}, false);
  KernelBuilder kernel(module, name, type, target, true);
  emit_binary(kernel, problem);
  return kernel.finish();
}

llvm::Function* emit_dense_kernel(llvm::Module& module, const KernelProblem& problem, const TargetInfo& target,
                                  const std::string& name) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* pointer = llvm::PointerType::getUnqual(context);
  llvm::Type* integer = llvm::Type::getInt64Ty(context);
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context),
                                       {pointer, integer, pointer, integer, pointer, integer, pointer}, false);
  KernelBuilder kernel(module, name, type, target, false);
  emit_dense(kernel, problem);
  return kernel.finish();
}

}  // namespace d2nn::codegen
