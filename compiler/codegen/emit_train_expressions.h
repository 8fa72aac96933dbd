// The code of a training module for its layers that are expressions: forward, and the backward that follows from it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/target.h"
#include "passes/plan.h"

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace d2nn::codegen {

/// d2nn_op::expression_forward, expression_backward and expression_scratch of one step; null for other kernels.
struct TrainExpression {
  llvm::Function* forward = nullptr;
  llvm::Function* backward = nullptr;
  std::int64_t scratch_floats = 0;
};

/// One per step of a training plan; equal expressions share their functions. `prefix` begins their names.
std::vector<TrainExpression> emit_train_expressions(llvm::Module& module, const passes::Plan& plan,
                                                    const Target& target, const std::string& prefix);

}  // namespace d2nn::codegen
