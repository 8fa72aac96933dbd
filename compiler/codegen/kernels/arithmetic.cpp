// See arithmetic.h.
#include "codegen/kernels/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "codegen/kernels/math.h"

namespace d2nn::codegen {

using expr::Primitive;
using expr::Term;
using expr::TermInfo;

std::optional<float> number_of(const expr::Expression& expression, Term term) {
  for (;;) {
    const TermInfo& info = expression[term];
    switch (info.primitive) {
      case Primitive::constant:
        return info.number;
      case Primitive::broadcast:
      case Primitive::reshape:
      case Primitive::permute:
      case Primitive::slice:
      case Primitive::repeat:
      case Primitive::detach:
        term = info.terms[0];
        break;
      default:
        return std::nullopt;
    }
  }
}

Arithmetic::Arithmetic(KernelBuilder& kernel, const expr::Expression& expression, std::vector<char> is_stored)
    : kernel_(kernel), expression_(expression), is_stored_(std::move(is_stored)), uses_(expression.terms.size(), 0) {
  is_stored_.resize(expression.terms.size(), 0);
  for (const TermInfo& info : expression.terms) {
    for (const Term operand : info.terms) ++uses_[operand.index];
  }
  for (const Term result : expression.results) ++uses_[result.index];
}

bool Arithmetic::is_lone_product(Term term) const {
  return expression_[term].primitive == Primitive::multiply && uses_[term.index] == 1 && is_stored_[term.index] == 0;
}

llvm::Value* Arithmetic::compare(const TermInfo& info, OperandValue value) {
  llvm::Value* a = value(info.terms[0]);
  llvm::Value* b = value(info.terms[1]);
  auto& ir = kernel_.ir();
  return info.primitive == Primitive::greater ? ir.CreateFCmpOGT(a, b) : ir.CreateFCmpOEQ(a, b);
}

llvm::Value* Arithmetic::condition(Term term, OperandValue value) {
  const TermInfo& info = expression_[term];
  const bool is_comparison = info.primitive == Primitive::greater || info.primitive == Primitive::equal;
  if (is_comparison && is_stored_[term.index] == 0) return compare(info, value);
  llvm::Value* number = value(term);
  return kernel_.ir().CreateFCmpUNE(number, llvm::Constant::getNullValue(number->getType()));
}

llvm::Value* Arithmetic::sum_of(const TermInfo& info, OperandValue value) {
  const Term a = info.terms[0];
  const Term b = info.terms[1];
  if (is_lone_product(a)) return add_to(value(b), a, value);
  return add_to(value(a), b, value);
}

llvm::Value* Arithmetic::add_to(llvm::Value* sum, Term term, OperandValue value) {
  if (!is_lone_product(term)) return kernel_.ir().CreateFAdd(sum, value(term));
  const TermInfo& product = expression_[term];
  return kernel_.multiply_add(value(product.terms[0]), value(product.terms[1]), sum);
}

llvm::Value* Arithmetic::difference_of(const TermInfo& info, OperandValue value) {
  const Term a = info.terms[0];
  const Term b = info.terms[1];
  auto& ir = kernel_.ir();
  if (is_lone_product(b)) {
    const TermInfo& product = expression_[b];
    return kernel_.multiply_add(ir.CreateFNeg(value(product.terms[0])), value(product.terms[1]), value(a));
  }
  if (is_lone_product(a)) {
    const TermInfo& product = expression_[a];
    return kernel_.multiply_add(value(product.terms[0]), value(product.terms[1]), ir.CreateFNeg(value(b)));
  }
  return ir.CreateFSub(value(a), value(b));
}

llvm::Value* Arithmetic::extreme_of(const TermInfo& info, OperandValue value) {
  const bool is_maximum = info.primitive == Primitive::maximum;
  auto& ir = kernel_.ir();
  Term a = info.terms[0];
  Term b = info.terms[1];
  if (number_of(expression_, a)) std::swap(a, b);
  llvm::Value* x = value(a);
  llvm::Value* y = value(b);
  const std::optional<float> number = number_of(expression_, b);
  if (number && !std::isnan(*number)) {  // x86's max and min, which hand on a NaN of x
    return ir.CreateSelect(is_maximum ? ir.CreateFCmpOLT(x, y) : ir.CreateFCmpOGT(x, y), y, x);
  }
  if (is_maximum) return kernel_.maximum(x, y);
  llvm::Value* lesser = ir.CreateSelect(ir.CreateFCmpOLT(x, y), x, y);
  return ir.CreateSelect(ir.CreateFCmpUNO(x, x), x, lesser);
}

const TermInfo& Arithmetic::before_broadcast(Term term) const {
  const TermInfo& info = expression_[term];
  return info.primitive == Primitive::broadcast ? expression_[info.terms[0]] : info;
}

/// x - max(x): 0 at most, or NaN.
bool Arithmetic::is_never_positive(Term term) const {
  const TermInfo& info = expression_[term];
  if (info.primitive != Primitive::subtract) return false;
  const TermInfo& greatest = before_broadcast(info.terms[1]);
  return greatest.primitive == Primitive::max && greatest.terms[0] == info.terms[0];
}

/// The quotient of a softmax: one of the numbers exp(x - max(x)), of which one is 1, by their sum.
bool Arithmetic::is_share(const TermInfo& quotient) const {
  const TermInfo& sum = before_broadcast(quotient.terms[1]);
  const TermInfo& weight = expression_[quotient.terms[0]];
  if (sum.primitive != Primitive::sum || !(sum.terms[0] == quotient.terms[0])) return false;
  if (weight.primitive != Primitive::exp || !is_never_positive(weight.terms[0])) return false;
  return before_broadcast(expression_[weight.terms[0]].terms[1]).axes == sum.axes;
}

llvm::Value* Arithmetic::emit(Term term, int lanes, OperandValue value) {
  const TermInfo& info = expression_[term];
  auto& ir = kernel_.ir();
  switch (info.primitive) {
    case Primitive::negate:
      return ir.CreateFNeg(value(info.terms[0]));
    case Primitive::exp: {
      llvm::Value* x = value(info.terms[0]);
      return is_never_positive(info.terms[0]) ? emit_exp_of_negative(kernel_, x) : emit_exp(kernel_, x);
    }
    case Primitive::log:
      return emit_log(kernel_, value(info.terms[0]));
    case Primitive::tanh:
      return emit_tanh(kernel_, value(info.terms[0]));
    case Primitive::erf:
      return emit_erf(kernel_, value(info.terms[0]));
    case Primitive::sqrt:
      return ir.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, value(info.terms[0]));
    case Primitive::abs:
      return ir.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, value(info.terms[0]));
    case Primitive::add:
      return sum_of(info, value);
    case Primitive::subtract:
      return difference_of(info, value);
    case Primitive::multiply: {
      llvm::Value* a = value(info.terms[0]);
      return ir.CreateFMul(a, value(info.terms[1]));
    }
    case Primitive::divide: {
      llvm::Value* a = value(info.terms[0]);
      llvm::Value* b = value(info.terms[1]);
      if (!is_share(info)) return ir.CreateFDiv(a, b);
      // The divisor is 1 or more, and the same for many: its reciprocal leaves the loop.
      return ir.CreateFMul(a, ir.CreateFDiv(kernel_.splat(1.0F, lanes), b));
    }
    case Primitive::maximum:
    case Primitive::minimum:
      return extreme_of(info, value);
    case Primitive::greater:
    case Primitive::equal:
      return ir.CreateSelect(compare(info, value), kernel_.splat(1.0F, lanes), kernel_.splat(0.0F, lanes));
    case Primitive::select: {
      llvm::Value* mask = condition(info.terms[0], value);
      llvm::Value* when_true = value(info.terms[1]);
      return ir.CreateSelect(mask, when_true, value(info.terms[2]));
    }
    case Primitive::detach:
    case Primitive::broadcast:
    case Primitive::reshape:
    case Primitive::permute:
    case Primitive::slice:
    case Primitive::pad:
    case Primitive::repeat:
      return value(info.terms[0]);  // movements: where places do not matter
    case Primitive::operand:
    case Primitive::weight:
    case Primitive::constant:
    case Primitive::sum:
    case Primitive::max:
      break;
  }
  throw std::logic_error(std::string("no arithmetic: ") + expr::spelling(info.primitive));
}

llvm::Value* emit_pointwise(KernelBuilder& kernel, const expr::Expression& given, llvm::Value* x,
                            llvm::function_ref<llvm::Value*(const TermInfo& leaf, int lanes)> leaf) {
  const auto lanes = static_cast<int>(llvm::cast<llvm::FixedVectorType>(x->getType())->getNumElements());
  const bool has_detach = std::any_of(given.terms.begin(), given.terms.end(),
                                      [](const TermInfo& info) { return info.primitive == Primitive::detach; });
  const expr::Expression expression = has_detach ? expr::without_detach(given) : given;
  Arithmetic arithmetic(kernel, expression, {});
  std::map<std::uint32_t, llvm::Value*> values;
  const auto value = [&](const auto& self, Term term) -> llvm::Value* {
    if (const auto known = values.find(term.index); known != values.end()) return known->second;
    const TermInfo& info = expression[term];
    llvm::Value* result = nullptr;
    if (const auto number = number_of(expression, term)) {
      result = kernel.splat(*number, lanes);
    } else if (info.primitive == Primitive::operand && info.index == 0) {
      result = x;
    } else if (info.primitive == Primitive::operand || info.primitive == Primitive::weight) {
      result = leaf(info, lanes);
    } else {
      result = arithmetic.emit(term, lanes, [&](Term operand) { return self(self, operand); });
    }
    values[term.index] = result;
    return result;
  };
  return value(value, expression.results[0]);
}

}  // namespace d2nn::codegen
