// See emit_expression.h.
#include "codegen/expressions/emit_expression.h"

#include <llvm/IR/Module.h>

#include <algorithm>
#include <map>

#include "codegen/expressions/arithmetic.h"
#include "codegen/expressions/nest_emitter.h"
#include "codegen/expressions/schedule.h"
#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

using expr::Primitive;
using expr::Term;
using expr::TermInfo;

ExpressionKernel emit_expression(llvm::Module& module, const expr::Expression& expression,
                                 const std::vector<ResultStore>& stores, const TargetInfo& target,
                                 const std::string& name) {
  const Schedule schedule = schedule_expression(expression, target);
  const std::size_t operands = expression.operand_count();
  const std::size_t weights = expression.weight_count();
  const std::size_t results = expression.results.size();
  llvm::LLVMContext& context = module.getContext();
  const std::vector<llvm::Type*> parameters(operands + weights + results + 1, llvm::PointerType::getUnqual(context));
  KernelBuilder kernel(module, name, llvm::FunctionType::get(llvm::Type::getVoidTy(context), parameters, false), target,
                       false);
  unsigned argument = 0;
  const auto take = [&](std::size_t count) {
    std::vector<llvm::Value*> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(kernel.argument(argument++));
    return values;
  };
  Pointers pointers;
  pointers.operands = take(operands);
  pointers.weights = take(weights);
  std::vector<llvm::Value*> destinations = take(results);
  pointers.scratch = kernel.argument(argument);
  llvm::cast<llvm::Argument>(pointers.scratch)->addAttr(llvm::Attribute::NoAlias);
  NestEmitter emitter(kernel, schedule, std::move(pointers), std::move(destinations), stores);
  for (const Nest& nest : schedule.nests) emitter.emit(nest);
  return {kernel.finish(), schedule.scratch_floats};
}

std::int64_t expression_scratch_floats(const expr::Expression& expression, const TargetInfo& target) {
  return schedule_expression(expression, target).scratch_floats;
}

llvm::Value* emit_pointwise(KernelBuilder& kernel, const expr::Expression& given, llvm::Value* x,
                            llvm::function_ref<llvm::Value*(const expr::TermInfo& leaf, int lanes)> leaf) {
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
