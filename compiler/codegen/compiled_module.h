// What a CompiledModule holds; for the files of this room.
#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/CodeGen.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include <memory>

#include "codegen/codegen.h"

namespace d2nn::codegen {

struct CompiledModule::State {
  std::unique_ptr<llvm::LLVMContext> context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<llvm::Module> module;

  llvm::SmallVector<char, 0> emit(llvm::CodeGenFileType type) const;
};

}  // namespace d2nn::codegen
