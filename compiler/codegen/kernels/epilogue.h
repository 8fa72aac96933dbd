// What a kernel applies to its results before it stores them: the pointwise stages of its problem. Private to this
// room.
#pragma once

#include <llvm/ADT/STLFunctionalExtras.h>

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

class Epilogue {
 public:
  /// `stages` outlives it.
  Epilogue(KernelBuilder& kernel, const PointwiseStages& stages);

  /// A few instructions, which may stand wherever results leave their registers. What is not is written once, in a loop
  /// over results that have just been stored.
  bool is_cheap() const { return is_cheap_; }

  /// The stages' further operand number `operand`, a vector at the places of the results.
  using FurtherOperand = llvm::function_ref<llvm::Value*(std::size_t operand, int lanes)>;
  /// The results after all stages.
  llvm::Value* apply(llvm::Value* results, FurtherOperand further) const;

 private:
  KernelBuilder& kernel_;
  const PointwiseStages& stages_;
  bool is_cheap_ = true;
};

}  // namespace d2nn::codegen
