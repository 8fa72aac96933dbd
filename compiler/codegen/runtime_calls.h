// The calls that compiled code makes into the runtime, declared in a module as d2nn/module.h states them.
#pragma once

#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/Module.h>

namespace d2nn::codegen {

/// Declares (once) and returns the runtime's functions. All are nounwind: they return a status and never throw.
class RuntimeCalls {
 public:
  explicit RuntimeCalls(llvm::Module& module) : module_(module) {}

  llvm::FunctionCallee decide();               // i32 (frame, control, scores, stride, rows, count)
  llvm::FunctionCallee decide_one();           // i32 (frame, control, scores): action, or -1 - status
  llvm::FunctionCallee join();                 // void (frame, join, rows, count)
  llvm::FunctionCallee output();               // void (frame, join, rows)
  llvm::FunctionCallee library_op();           // i32 (frame, op, src, dst)
  llvm::FunctionCallee train_forward();        // i32 (frame, op, rows, count)
  llvm::FunctionCallee train_backward();
  llvm::FunctionCallee train_join();           // void (frame, join, rows, count)
  llvm::FunctionCallee train_join_backward();

 private:
  llvm::FunctionCallee declare(const char* name, llvm::Type* result, llvm::ArrayRef<llvm::Type*> arguments);

  llvm::Module& module_;
};

}  // namespace d2nn::codegen
