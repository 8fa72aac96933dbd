// Which kernel runs each step of inference, decided here alone: one that codegen emits, or one of the runtime's room of
// kernels. A fixed table for each target; measured, see docs/design/001-kernels.md.
#pragma once

#include <string>
#include <vector>

#include "codegen/kernels/kernels.h"
#include "codegen/target.h"
#include "passes/plan.h"

namespace d2nn::codegen {

enum class KernelSource : std::uint8_t {
  none,  // nothing to call: copies that codegen emits inline (concat)
  emitted,
  product,     // emitted, of several operands (products.h)
  expression,  // emitted from the step's expression
  library,     // runtime/kernels: transposed convolutions, and others by Winograd's algorithm
};

/// A step's kernel. If the fused pooling cannot be part of it, `pool_problem` runs after `problem`.
struct KernelChoice {
  KernelSource source = KernelSource::emitted;
  KernelProblem problem;
  std::optional<KernelProblem> pool_problem;
  PackChoice pack;
  /// The library applies the one pointwise stage, relu, itself; other stages run over its result.
  bool library_applies_relu = false;
  std::int64_t scratch_floats = 0;  // of both, the tensor between them included
};

/// The expressions of its pointwise stages.
PointwiseStages pointwise_stages(const passes::Step& step);

/// For the names of kernels, which need not tell stages apart: "_relu", "_pointwise", "".
std::string stages_suffix(const PointwiseStages& stages);

/// The problem that a step poses, as d2nn_op has it.
KernelProblem kernel_problem(const passes::Step& step);

/// One choice per step of an inference plan.
std::vector<KernelChoice> choose_kernels(const passes::Plan& plan, const Target& target);

}  // namespace d2nn::codegen
