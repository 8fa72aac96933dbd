// The calls that compiled code makes into the runtime: through the table in the frame (d2nn_calls in d2nn/module.h).
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <initializer_list>

#include "d2nn/module.h"

namespace d2nn::codegen {

/// Emits calls inside one function that received the frame. All are nounwind: they return a status and never throw.
class RuntimeCalls {
 public:
  RuntimeCalls(llvm::IRBuilder<>& builder, llvm::Value* frame) : b_(builder), frame_(frame) {}

  /// i32: a status.
  llvm::Value* decide(std::uint32_t control, llvm::Value* scores, llvm::Value* stride, llvm::Value* rows,
                      llvm::Value* count);
  /// i32: the action, or -1 - status.
  llvm::Value* decide_one(std::uint32_t control, llvm::Value* scores);
  void join(std::uint32_t join, llvm::Value* rows, llvm::Value* count);
  void output(std::uint32_t join, llvm::Value* rows);
  /// i32: a status.
  llvm::Value* library_op(std::uint32_t op, llvm::Value* src, llvm::Value* dst);
  llvm::Value* train_forward(std::uint32_t op, llvm::Value* rows, llvm::Value* count);
  llvm::Value* train_backward(std::uint32_t op, llvm::Value* rows, llvm::Value* count);
  void train_join(std::uint32_t join, llvm::Value* rows, llvm::Value* count);
  void train_join_backward(std::uint32_t join, llvm::Value* rows, llvm::Value* count);

 private:
  /// Calls the table's member at this offset with the frame, an index and further arguments.
  llvm::Value* call(std::size_t member, const char* name, llvm::Type* result, std::uint32_t index,
                    std::initializer_list<llvm::Value*> arguments);
  llvm::Value* status(std::size_t member, const char* name, std::uint32_t index,
                      std::initializer_list<llvm::Value*> arguments);
  void plain(std::size_t member, const char* name, std::uint32_t index, std::initializer_list<llvm::Value*> arguments);

  llvm::IRBuilder<>& b_;
  llvm::Value* frame_;
};

}  // namespace d2nn::codegen
