// Elementwise primitives as instructions on vectors: comparisons stay masks where a select reads them, products that
// one sum reads are fused into it, and a maximum with a number is one instruction.
#pragma once

#include <llvm/ADT/STLFunctionalExtras.h>

#include <optional>
#include <vector>

#include "codegen/kernels/kernel_builder.h"
#include "expr/expression.h"

namespace d2nn::codegen {

/// The number that a term is everywhere, seen through movements.
std::optional<float> number_of(const expr::Expression& expression, expr::Term term);

class Arithmetic {
 public:
  using OperandValue = llvm::function_ref<llvm::Value*(expr::Term)>;

  /// `is_stored`, by term: values that are in memory and are read unchanged; empty: none.
  Arithmetic(KernelBuilder& kernel, const expr::Expression& expression, std::vector<char> is_stored);

  /// A vector of the elementwise term; `value` gives vectors of other terms at the same place, of `lanes` lanes.
  llvm::Value* emit(expr::Term term, int lanes, OperandValue value);
  /// sum + term, fused when the term is a product that nothing else reads.
  llvm::Value* add_to(llvm::Value* sum, expr::Term term, OperandValue value);

 private:
  bool is_lone_product(expr::Term term) const;
  const expr::TermInfo& before_broadcast(expr::Term term) const;
  bool is_never_positive(expr::Term term) const;
  bool is_share(const expr::TermInfo& quotient) const;
  llvm::Value* compare(const expr::TermInfo& info, OperandValue value);
  llvm::Value* condition(expr::Term term, OperandValue value);
  llvm::Value* sum_of(const expr::TermInfo& info, OperandValue value);
  llvm::Value* difference_of(const expr::TermInfo& info, OperandValue value);
  llvm::Value* extreme_of(const expr::TermInfo& info, OperandValue value);

  KernelBuilder& kernel_;
  const expr::Expression& expression_;
  std::vector<char> is_stored_;
  std::vector<int> uses_;
};

/// The value of a pointwise expression for a vector of operand 0 (`x`), inside a kernel's body. `leaf(term, lanes)`
/// gives the vector of any other leaf at the same places.
llvm::Value* emit_pointwise(KernelBuilder& kernel, const expr::Expression& expression, llvm::Value* x,
                            llvm::function_ref<llvm::Value*(const expr::TermInfo& leaf, int lanes)> leaf);

}  // namespace d2nn::codegen
