// Kernels over tensors that are all computed: matrix products and attention. One side of each product is laid out in
// scratch as weights of a dense layer are, and the dense kernel does the rest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/kernels/kernels.h"

namespace d2nn::codegen {

/// Products [m, k] x [k, n], one for each combination of indices of the leading axes.
struct MatmulProblem {
  /// `left` and `right`: matrices of each operand from one index to the next; 0 where the operand is broadcast.
  struct Axis {
    std::int64_t size, left, right;
  };
  std::vector<Axis> leading;  ///< the outermost first
  std::int64_t m = 1, k = 1, n = 1;
  PointwiseStages pointwise;
};

/// Scaled dot products: queries [queries, width], keys [keys, width], values [keys, value_width]; `heads` divides both
/// widths. Causal: query i sees keys 0 to i.
struct AttentionProblem {
  std::int64_t heads = 1;
  std::int64_t queries = 1, keys = 1;
  std::int64_t width = 1, value_width = 1;
  bool is_causal = false;
};

/// Floats of scratch that the kernel needs.
std::int64_t scratch_floats(const MatmulProblem& problem, const TargetInfo& target);
std::int64_t scratch_floats(const AttentionProblem& problem, const TargetInfo& target);

/// `internal void name(const float* left, const float* right, float* dst, float* scratch, const float* further...)`:
/// one row; at the end the further operands of the pointwise stages. Nothing overlaps dst or scratch.
llvm::Function* emit_matmul_kernel(llvm::Module& module, const MatmulProblem& problem, const TargetInfo& target,
                                   const std::string& name);

/// `internal void name(const float* queries, const float* keys, const float* values, float* dst, float* scratch)`: one
/// row, dst [queries, value_width]. Nothing overlaps dst or scratch. A query that sees a NaN score gives NaN.
llvm::Function* emit_attention_kernel(llvm::Module& module, const AttentionProblem& problem, const TargetInfo& target,
                                      const std::string& name);

}  // namespace d2nn::codegen
