// What the two kinds of driver functions share while they are emitted: the function, its frame, calls and small
// branches.
#pragma once

#include <string>

#include "codegen/frame_access.h"
#include "codegen/runtime_calls.h"
#include "passes/conditions.h"

namespace d2nn::codegen {

/// The body of one driver under construction; the builder is positioned at its end.
class DriverBody {
 protected:
  DriverBody(llvm::Function* function, const NetworkLayout& layout)
      : function_(function),
        b_(llvm::BasicBlock::Create(function->getContext(), "entry", function)),
        frame_(b_, function->getArg(0), layout),
        calls_(b_, function->getArg(0)),
        layout_(layout),
        plan_(*layout.plan),
        program_(*layout.program) {}

  llvm::BasicBlock* block(const std::string& name) {
    return llvm::BasicBlock::Create(b_.getContext(), name, function_);
  }

  /// Leaves the driver with this status unless it is 0.
  void return_unless_ok(llvm::Value* status) {
    auto* failed = block("failed");
    auto* next = block("next");
    b_.CreateCondBr(b_.CreateICmpEQ(status, b_.getInt32(0)), next, failed);
    b_.SetInsertPoint(failed);
    b_.CreateRet(status);
    b_.SetInsertPoint(next);
  }

  /// i1: the condition, from what `holds` says of each literal.
  template <class Holds>
  llvm::Value* evaluate(const passes::Condition& condition, Holds holds) {
    llvm::Value* all = b_.getTrue();
    for (const passes::Clause& clause : condition.clauses) {
      llvm::Value* any = b_.getFalse();
      for (const passes::Literal& literal : clause) any = b_.CreateOr(any, holds(literal));
      all = b_.CreateAnd(all, any);
    }
    return all;
  }

  llvm::Function* function_;
  llvm::IRBuilder<> b_;
  FrameAccess frame_;
  RuntimeCalls calls_;
  const NetworkLayout& layout_;
  const passes::Plan& plan_;
  const graph::Program& program_;
};

}  // namespace d2nn::codegen
