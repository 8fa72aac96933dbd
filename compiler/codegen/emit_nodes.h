// One LLVM function per node: `internal i32 NETWORK.NODE(frame, rows, count)` runs the node on the listed rows and
// returns a status. Training has a second one per node that runs its ops backwards.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "codegen/frame_access.h"
#include "codegen/kernel_choice.h"
#include "codegen/runtime_calls.h"

namespace d2nn::codegen {

class NodeEmitter {
 public:
  /// kernels: one per step of the plan; empty for a training plan, whose ops run in the runtime.
  NodeEmitter(llvm::Module& module, const NetworkLayout& layout, const std::vector<KernelChoice>& kernels,
              const Target& target);

  /// The function of a node that is computed. Dummies have none.
  llvm::Function* emit_forward(const passes::NodePlan& node);
  llvm::Function* emit_train_forward(const passes::NodePlan& node);
  llvm::Function* emit_train_backward(const passes::NodePlan& node);

 private:
  struct Body;
  Body begin(const std::string& name);
  void emit_joins(Body& body, const passes::NodePlan& node);
  void emit_row_loop(Body& body, const std::vector<std::uint32_t>& steps);
  void emit_row_step(Body& body, std::uint32_t step, llvm::Value* row);
  void emit_expression_step(Body& body, std::uint32_t step, llvm::Value* row);
  void emit_product_step(Body& body, std::uint32_t step, llvm::Value* row);
  /// The rows of the operands of the step's stages.
  std::vector<llvm::Value*> further_rows(Body& body, const passes::Step& step, llvm::Value* row);
  /// The step's pointwise stages on what its kernel stored at `result`.
  void emit_stages_in_place(Body& body, const passes::Step& step, llvm::Value* row, llvm::Value* result);
  void emit_batched_step(Body& body, std::uint32_t step);
  void return_unless_ok(Body& body, llvm::Value* status);
  /// The kernel function for a problem; equal problems share one.
  llvm::Function* row_kernel(const KernelProblem& problem);
  llvm::Function* dense_kernel(KernelProblem problem);
  llvm::Function* product_kernel(const passes::Step& step);
  llvm::Function* expression_kernel(const expr::Expression& expression);

  llvm::Module& module_;
  const NetworkLayout& layout_;
  const std::vector<KernelChoice>& kernels_;
  const Target& target_;
  std::map<std::string, llvm::Function*> functions_;
};

/// A problem spelled out: the name of its kernel, equal for equal problems but for what their pointwise stages compute
/// ("conv_3x112x112_8x28x28_k3x3_s2x2_p1x1_relu_mp3x3").
std::string problem_name(const KernelProblem& problem);

}  // namespace d2nn::codegen
