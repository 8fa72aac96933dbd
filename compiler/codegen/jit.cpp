// ORC's LLJIT. The only file that includes <llvm/ExecutionEngine/Orc/LLJIT.h> (7 s of compilation).
#include "codegen/jit.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/TargetProcess/TargetExecutionUtils.h>

#include <cstring>

#include "codegen/compiled_module.h"
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

  /// What LLVM may call by itself; all else compiled code reaches through its frame.
  void define_libc() {
    llvm::orc::SymbolMap symbols;
    const auto define = [&](const char* name, auto* function) {
      symbols[jit->mangleAndIntern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                                             llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
    };
    define("memset", &memset);
    define("memcpy", &memcpy);
    define("memmove", &memmove);
    expect(jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols))), "defining libc's symbols");
  }
};

Jit::Jit(CompiledModule module) : state_(std::make_unique<State>()) {
  auto builder = expect(llvm::orc::JITTargetMachineBuilder::detectHost(), "detecting the host");
  builder.setCodeGenOptLevel(module.state_->machine->getOptLevel());
  state_->jit =
      expect(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(builder)).create(), "creating the JIT");
  state_->define_libc();
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
