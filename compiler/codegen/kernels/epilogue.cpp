#include "codegen/kernels/epilogue.h"

#include "codegen/kernels/arithmetic.h"
#include "expr/recognise.h"

namespace d2nn::codegen {

namespace {

// Operations that may be spelled out once for each vector of results that a kernel keeps in registers.
constexpr std::size_t most_cheap_operations = 12;

}  // namespace

Epilogue::Epilogue(KernelBuilder& kernel, const PointwiseStages& stages) : kernel_(kernel), stages_(stages) {
  std::size_t operations = 0;
  for (const expr::Expression& stage : stages) {
    for (const expr::TermInfo& info : stage.terms) {
      operations += expr::family(info.primitive) == expr::Family::elementwise ? 1 : 0;
      if (expr::is_polynomial(info.primitive)) is_cheap_ = false;
    }
  }
  if (operations > most_cheap_operations) is_cheap_ = false;
}

llvm::Value* Epilogue::apply(llvm::Value* results, FurtherOperand further) const {
  std::size_t first = 0;  // of the stage among the further operands
  for (const expr::Expression& stage : stages_) {
    results = emit_pointwise(kernel_, stage, results, [&](const expr::TermInfo& leaf, int lanes) {
      return further(first + leaf.index - 1, lanes);
    });
    first += stage.operand_count() - 1;
  }
  return results;
}

}  // namespace d2nn::codegen
