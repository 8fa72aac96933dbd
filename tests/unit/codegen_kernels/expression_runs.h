// Emitted expressions run between guard pages and compared with their naive meaning (unit/expr/evaluate.h).
#pragma once

#include <string>
#include <vector>

#include "expr/expression.h"
#include "unit/codegen_kernels/kernel_jit.h"

namespace d2nn::testing {

struct NamedExpression {
  std::string name;
  expr::Expression expression;
  /// Bounds of the random numbers in the leaves.
  double least = -2, greatest = 2;
};

/// The levels of runnable_levels(), and vectors of 16 floats on whatever this machine has.
std::vector<CpuLevel> expression_levels();

/// Compiles all together and runs each at both ends of its pages, overwriting and adding. What differs, or "".
std::string compare_with_naive(const std::vector<NamedExpression>& expressions, const CpuLevel& cpu, int level);

/// Calls a kernel of this many pointers.
void call_with_pointers(void* kernel, const std::vector<float*>& pointers);

}  // namespace d2nn::testing
