// See emit_expression.h.
#include "codegen/expressions/emit_expression.h"

#include <llvm/IR/Module.h>

#include "codegen/expressions/nest_emitter.h"
#include "codegen/expressions/schedule.h"
#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

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

}  // namespace d2nn::codegen
