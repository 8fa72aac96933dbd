// Inference kernels as LLVM IR with constant sizes: the door of this room. The rest of codegen asks for one function
// per problem and calls it; the runtime packs the weights as choose_pack says and knows nothing else of these kernels.
//
// All tensors are planar [C, H, W] f32 rows without borders in memory. Kernels assume 4-byte alignment only (a caller's
// input has no more); 64-byte aligned rows are faster. They never read or write outside the row, the packed weights as
// the runtime lays them out, and the stated scratch. No kernel allocates; the only calls are memcpy and memset where
// LLVM prefers them. NaN behaves as in PyTorch: relu and max_pool hand it on. A row's result does not depend on the
// group it is computed in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/kernels/target_info.h"
#include "d2nn/module.h"
#include "expr/expression.h"
#include "ops/layer.h"

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace d2nn::codegen {

/// What a kernel applies to its results before it stores them, one behind the other: placewise expressions
/// (expr/recognise.h) whose operand 0 is what the one before made.
using PointwiseStages = std::vector<expr::Expression>;
/// How many tensors they read beside the results: their operands from 1 on, stage by stage.
std::size_t further_operands(const PointwiseStages& stages);

/// A max_pool that a conv kernel applies to its activated result; kernel_h == 0: none. Dilation is 1.
struct PoolStage {
  std::int64_t kernel_h = 0, kernel_w = 0;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t pad_h = 0, pad_w = 0;
};

/// One layer application of one sample, sizes as d2nn_op has them. Shapes are checked already (ops/layer.h).
struct KernelProblem {
  ops::Kernel kind = ops::Kernel::copy;
  std::int64_t in_c = 1, in_h = 1, in_w = 1;     ///< of the first operand; not an image: in_c = elements
  std::int64_t out_c = 1, out_h = 1, out_w = 1;  ///< of what is written; with a fused pool, the pool's result
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t pad_h = 0, pad_w = 0;
  std::int64_t dilation_h = 1, dilation_w = 1;
  std::int64_t groups = 1;
  PointwiseStages pointwise;  ///< conv and dense only
  PoolStage pool;             ///< conv only; see can_fuse_pool
};

/// How the runtime must lay out the problem's weights. D2NN_PACK_NONE for kinds without weights.
struct PackChoice {
  d2nn_pack pack = D2NN_PACK_NONE;
  std::uint32_t block = 0;
};
PackChoice choose_pack(const KernelProblem& problem, const TargetInfo& target);

/// True when a conv of this problem with this pool behind it can be one kernel: relu alone, then a pool with padding
/// of at most half its kernel. `conv` describes the conv alone: its own out sizes, no pool.
bool can_fuse_pool(const KernelProblem& conv, const PoolStage& pool);
/// Floats of scratch that the row kernel needs; 0 for most kinds. It may be passed null then.
std::int64_t scratch_floats(const KernelProblem& problem, const TargetInfo& target);

/// `internal void name(const float* src, float* dst, const float* packed, float* scratch, const float* further...)`:
/// one row; at the end the further operands of the pointwise stages. packed and scratch may be null where choose_pack
/// and scratch_floats say none. dst must not overlap what is read, except that batch_norm, normalize and copies may
/// have dst == src.
llvm::Function* emit_row_kernel(llvm::Module& module, const KernelProblem& problem, const TargetInfo& target,
                                const std::string& name);

/// dense for several rows: `internal void name(const float* src, i64 src_stride, const i32* rows, i64 n, float* dst,
/// i64 dst_stride, const float* packed, (const float* further, i64 further_stride)...)`. Row r is read at src + r *
/// src_stride and written at dst + r * dst_stride (floats); the rows are rows[0 .. n-1], or 0 .. n-1 when rows is null.
/// Each row gets the same bits whatever the group. A problem with several places (out_h) is the same function as one
/// place: the caller passes places as rows.
llvm::Function* emit_dense_kernel(llvm::Module& module, const KernelProblem& problem, const TargetInfo& target,
                                  const std::string& name);

}  // namespace d2nn::codegen
