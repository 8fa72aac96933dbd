// ORC's LLJIT. The only file that includes <llvm/ExecutionEngine/Orc/LLJIT.h> (7 s of compilation).
#include "codegen/jit.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/TargetProcess/TargetExecutionUtils.h>

#include <cmath>

#include "codegen/compiled_module.h"
#include "d2nn/module.h"
#include "diag/internal_error.h"

namespace d2nn::codegen {

namespace {

template <class T>
T expect(llvm::Expected<T> value, const char* what) {
  if (!value) throw diag::InternalError(std::string(what) + ": " + llvm::toString(value.takeError()));
  return std::move(*value);
}

void expect(llvm::Error error, const char* what) {
  if (error) throw diag::InternalError(std::string(what) + ": " + llvm::toString(std::move(error)));
}

}  // namespace

struct Jit::State {
  std::unique_ptr<llvm::orc::LLJIT> jit;

  template <class Function>
  void define(llvm::orc::SymbolMap& symbols, const char* name, Function* function) {
    symbols[jit->mangleAndIntern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                                           llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  }

  /// The contract of module.h, and the functions of libc that LLVM may call by itself.
  void define_runtime() {
    llvm::orc::SymbolMap symbols;
    define(symbols, "d2nn_rt_decide", &d2nn_rt_decide);
    define(symbols, "d2nn_rt_decide_one", &d2nn_rt_decide_one);
    define(symbols, "d2nn_rt_join", &d2nn_rt_join);
    define(symbols, "d2nn_rt_output", &d2nn_rt_output);
    define(symbols, "d2nn_rt_library_op", &d2nn_rt_library_op);
    define(symbols, "d2nn_rt_train_forward", &d2nn_rt_train_forward);
    define(symbols, "d2nn_rt_train_backward", &d2nn_rt_train_backward);
    define(symbols, "d2nn_rt_train_join", &d2nn_rt_train_join);
    define(symbols, "d2nn_rt_train_join_backward", &d2nn_rt_train_join_backward);
    define(symbols, "memset", &memset);
    define(symbols, "memcpy", &memcpy);
    define(symbols, "memmove", &memmove);
    expect(jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols))), "defining the runtime's symbols");
  }
};

Jit::Jit(CompiledModule module) : state_(std::make_unique<State>()) {
  auto builder = expect(llvm::orc::JITTargetMachineBuilder::detectHost(), "detecting the host");
  builder.setCodeGenOptLevel(module.state_->machine->getOptLevel());
  state_->jit = expect(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(builder)).create(), "creating the JIT");
  state_->define_runtime();
  llvm::orc::ThreadSafeModule safe(std::move(module.state_->module), std::move(module.state_->context));
  expect(state_->jit->addIRModule(std::move(safe)), "adding the module");
}

Jit::~Jit() = default;
Jit::Jit(Jit&&) noexcept = default;
Jit& Jit::operator=(Jit&&) noexcept = default;

const d2nn_module* Jit::network(const std::string& symbol) const {
  const auto address = expect(state_->jit->lookup(symbol), "looking up a network");
  return address.toPtr<const d2nn_module*()>()();
}

}  // namespace d2nn::codegen
