#include "codegen/runtime_calls.h"

namespace d2nn::codegen {

namespace {

llvm::Type* pointer(llvm::Module& m) { return llvm::PointerType::getUnqual(m.getContext()); }
llvm::Type* i32(llvm::Module& m) { return llvm::Type::getInt32Ty(m.getContext()); }
llvm::Type* i64(llvm::Module& m) { return llvm::Type::getInt64Ty(m.getContext()); }
llvm::Type* nothing(llvm::Module& m) { return llvm::Type::getVoidTy(m.getContext()); }

}  // namespace

llvm::FunctionCallee RuntimeCalls::declare(const char* name, llvm::Type* result, llvm::ArrayRef<llvm::Type*> arguments) {
  llvm::FunctionCallee callee = module_.getOrInsertFunction(name, llvm::FunctionType::get(result, arguments, false));
  llvm::cast<llvm::Function>(callee.getCallee())->setDoesNotThrow();
  return callee;
}

llvm::FunctionCallee RuntimeCalls::decide() {
  llvm::Module& m = module_;
  return declare("d2nn_rt_decide", i32(m), {pointer(m), i32(m), pointer(m), i64(m), pointer(m), i64(m)});
}
llvm::FunctionCallee RuntimeCalls::decide_one() {
  return declare("d2nn_rt_decide_one", i32(module_), {pointer(module_), i32(module_), pointer(module_)});
}
llvm::FunctionCallee RuntimeCalls::join() {
  return declare("d2nn_rt_join", nothing(module_), {pointer(module_), i32(module_), pointer(module_), i64(module_)});
}
llvm::FunctionCallee RuntimeCalls::output() {
  return declare("d2nn_rt_output", nothing(module_), {pointer(module_), i32(module_), i64(module_)});
}
llvm::FunctionCallee RuntimeCalls::library_op() {
  return declare("d2nn_rt_library_op", i32(module_), {pointer(module_), i32(module_), pointer(module_), pointer(module_)});
}
llvm::FunctionCallee RuntimeCalls::train_forward() {
  return declare("d2nn_rt_train_forward", i32(module_), {pointer(module_), i32(module_), pointer(module_), i64(module_)});
}
llvm::FunctionCallee RuntimeCalls::train_backward() {
  return declare("d2nn_rt_train_backward", i32(module_), {pointer(module_), i32(module_), pointer(module_), i64(module_)});
}
llvm::FunctionCallee RuntimeCalls::train_join() {
  return declare("d2nn_rt_train_join", nothing(module_), {pointer(module_), i32(module_), pointer(module_), i64(module_)});
}
llvm::FunctionCallee RuntimeCalls::train_join_backward() {
  return declare("d2nn_rt_train_join_backward", nothing(module_), {pointer(module_), i32(module_), pointer(module_), i64(module_)});
}

}  // namespace d2nn::codegen
