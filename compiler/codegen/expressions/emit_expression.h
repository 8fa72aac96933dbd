// Tensor expressions as LLVM IR: one function per expression, about one row (one sample), with constant sizes. The only
// place that turns the primitives of expr/expression.h into instructions.
//
// How. A term is *inlined* into its reader, at the reader's place, unless it is a reduction, or is expensive and would
// be computed again (stored_terms.h): these are *stored*, in scratch or registers, by a pass of their own. Passes that
// keep the same axes share the loops over them (schedule.h), so that layer_norm and softmax read a row of a matrix
// while it is in the first-level cache. The lanes of a vector run along the innermost axis; where that axis is reduced,
// each lane sums its part and the lanes are added at the end; the order of the additions is a function of the sizes and
// the target alone. No gradient is taken here: detach is its term.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/kernels/kernels.h"
#include "expr/expression.h"

namespace d2nn::codegen {

/// What happens to the values that a result already holds.
enum class ResultStore : std::uint8_t { overwrite, add };

struct ExpressionKernel {
  /// `internal void name(const float* operand 0, .., const float* weight 0, .., float* result 0, .., float* scratch)`.
  /// A result may be the memory of an operand only where the expression is pointwise in it. 4-byte alignment is
  /// assumed.
  llvm::Function* function = nullptr;
  std::int64_t scratch_floats = 0;  ///< 0: scratch may be null
};

/// `stores` has one entry per result. Never reads or writes outside the tensors and the stated scratch.
ExpressionKernel emit_expression(llvm::Module& module, const expr::Expression& expression,
                                 const std::vector<ResultStore>& stores, const TargetInfo& target,
                                 const std::string& name);

/// Floats of scratch that emit_expression will ask for, without emitting.
std::int64_t expression_scratch_floats(const expr::Expression& expression, const TargetInfo& target);

}  // namespace d2nn::codegen
