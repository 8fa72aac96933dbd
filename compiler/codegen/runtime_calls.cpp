#include "codegen/runtime_calls.h"

#include <vector>

namespace d2nn::codegen {

llvm::Value* RuntimeCalls::call(std::size_t member, const char* name, llvm::Type* result, std::uint32_t index,
                                std::initializer_list<llvm::Value*> arguments) {
  std::vector<llvm::Value*> values{frame_, b_.getInt32(index)};
  values.insert(values.end(), arguments.begin(), arguments.end());
  std::vector<llvm::Type*> types;
  for (const llvm::Value* value : values) types.push_back(value->getType());
  llvm::Value* table = b_.CreateLoad(
      b_.getPtrTy(), b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), frame_, offsetof(d2nn_frame, calls)), "calls");
  llvm::Value* function =
      b_.CreateLoad(b_.getPtrTy(), b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), table, member), name);
  llvm::CallInst* made = b_.CreateCall(llvm::FunctionType::get(result, types, false), function, values);
  made->setDoesNotThrow();
  return made;
}

llvm::Value* RuntimeCalls::status(std::size_t member, const char* name, std::uint32_t index,
                                  std::initializer_list<llvm::Value*> arguments) {
  return call(member, name, b_.getInt32Ty(), index, arguments);
}

void RuntimeCalls::plain(std::size_t member, const char* name, std::uint32_t index,
                         std::initializer_list<llvm::Value*> arguments) {
  call(member, name, b_.getVoidTy(), index, arguments);
}

llvm::Value* RuntimeCalls::decide(std::uint32_t control, llvm::Value* scores, llvm::Value* stride, llvm::Value* rows,
                                  llvm::Value* count) {
  return status(offsetof(d2nn_calls, decide), "decide", control, {scores, stride, rows, count});
}
llvm::Value* RuntimeCalls::decide_one(std::uint32_t control, llvm::Value* scores) {
  return status(offsetof(d2nn_calls, decide_one), "decide_one", control, {scores});
}
void RuntimeCalls::join(std::uint32_t join, llvm::Value* rows, llvm::Value* count) {
  plain(offsetof(d2nn_calls, join), "join", join, {rows, count});
}
void RuntimeCalls::output(std::uint32_t join, llvm::Value* rows) {
  plain(offsetof(d2nn_calls, output), "output", join, {rows});
}
llvm::Value* RuntimeCalls::library_op(std::uint32_t op, llvm::Value* src, llvm::Value* dst) {
  return status(offsetof(d2nn_calls, library_op), "library_op", op, {src, dst});
}
llvm::Value* RuntimeCalls::train_forward(std::uint32_t op, llvm::Value* rows, llvm::Value* count) {
  return status(offsetof(d2nn_calls, train_forward), "train_forward", op, {rows, count});
}
llvm::Value* RuntimeCalls::train_backward(std::uint32_t op, llvm::Value* rows, llvm::Value* count) {
  return status(offsetof(d2nn_calls, train_backward), "train_backward", op, {rows, count});
}
void RuntimeCalls::train_join(std::uint32_t join, llvm::Value* rows, llvm::Value* count) {
  plain(offsetof(d2nn_calls, train_join), "train_join", join, {rows, count});
}
void RuntimeCalls::train_join_backward(std::uint32_t join, llvm::Value* rows, llvm::Value* count) {
  plain(offsetof(d2nn_calls, train_join_backward), "train_join_backward", join, {rows, count});
}

}  // namespace d2nn::codegen
