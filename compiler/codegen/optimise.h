// LLVM's own pipeline over our module. A file of its own: <llvm/Passes/PassBuilder.h> alone costs 8 s of compilation.
#pragma once

#include "codegen/target.h"

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace d2nn::codegen {

void optimise(llvm::Module& module, llvm::TargetMachine& machine, const Target& target);

}  // namespace d2nn::codegen
