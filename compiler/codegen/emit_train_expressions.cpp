#include "codegen/emit_train_expressions.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <algorithm>
#include <map>

#include "codegen/expressions/emit_expression.h"
#include "expr/gradient.h"

namespace d2nn::codegen {

namespace {

class TrainExpressionEmitter {
 public:
  TrainExpressionEmitter(llvm::Module& module, const passes::Plan& plan, const Target& target,
                         const std::string& prefix)
      : module_(module), plan_(plan), target_(target.info), prefix_(prefix) {}

  TrainExpression emit(const passes::Step& step) {
    const auto operands = static_cast<unsigned>(step.operands.size());
    const auto weights = static_cast<unsigned>(step.parameters.size());
    const Emitted forward = function(step.expression, {ResultStore::overwrite}, operands, weights);
    TrainExpression result{forward.function, nullptr, forward.scratch_floats};

    expr::Wanted wanted;
    std::vector<ResultStore> stores;
    for (const passes::Operand operand : step.operands) {
      const bool has_gradient = !operand.is_input && plan_.buffers[operand.index].gradient_offset >= 0;
      wanted.operands.push_back(has_gradient);
      if (!has_gradient) continue;
      stores.push_back(plan_.buffers[operand.index].gradient_accumulates ? ResultStore::add : ResultStore::overwrite);
    }
    wanted.weights.assign(weights, true);
    stores.insert(stores.end(), weights, ResultStore::add);
    if (stores.empty()) return result;
    const expr::Expression gradient = expr::reading_result(expr::gradient(step.expression, wanted), step.expression);
    const Emitted backward = function(gradient, stores, operands + 2, weights);
    result.backward = backward.function;
    result.scratch_floats = std::max(result.scratch_floats, backward.scratch_floats);
    return result;
  }

 private:
  struct Emitted {
    llvm::Function* function = nullptr;
    std::int64_t scratch_floats = 0;
  };

  /// A d2nn_expression_fn.
  Emitted function(const expr::Expression& expression, const std::vector<ResultStore>& stores, unsigned operands,
                   unsigned weights) {
    std::string key = to_string(expression);
    for (const ResultStore store : stores) key += store == ResultStore::add ? '+' : '=';
    Emitted& known = functions_[key];
    if (known.function != nullptr) return known;
    const std::string name = prefix_ + ".expression" + std::to_string(functions_.size());
    const ExpressionKernel kernel = emit_expression(module_, expression, stores, target_, name + ".row");
    // An expression may not read its last operands or weights; the kernel has no parameters for these.
    operands = std::min(operands, expression.operand_count());
    weights = std::min(weights, expression.weight_count());
    return known = {wrap(kernel.function, name, {operands, weights, static_cast<unsigned>(stores.size())}),
                    kernel.scratch_floats};
  }

  /// Takes the addresses from arrays.
  llvm::Function* wrap(llvm::Function* kernel, const std::string& name, const std::vector<unsigned>& counts) {
    llvm::LLVMContext& context = module_.getContext();
    llvm::Type* pointer = llvm::PointerType::getUnqual(context);
    const std::vector<llvm::Type*> parameters(counts.size() + 1, pointer);
    auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), parameters, false);
    auto* function = llvm::Function::Create(type, llvm::Function::InternalLinkage, name, module_);
    llvm::IRBuilder<> b(llvm::BasicBlock::Create(context, "entry", function));
    std::vector<llvm::Value*> arguments;
    for (unsigned list = 0; list < counts.size(); ++list) {
      for (unsigned i = 0; i < counts[list]; ++i) {
        llvm::Value* place = b.CreateConstInBoundsGEP1_64(pointer, function->getArg(list), i);
        arguments.push_back(b.CreateLoad(pointer, place));
      }
    }
    arguments.push_back(function->getArg(static_cast<unsigned>(counts.size())));
    b.CreateCall(kernel, arguments);
    b.CreateRetVoid();
    return function;
  }

  llvm::Module& module_;
  const passes::Plan& plan_;
  TargetInfo target_;
  const std::string& prefix_;
  std::map<std::string, Emitted> functions_;
};

}  // namespace

std::vector<TrainExpression> emit_train_expressions(llvm::Module& module, const passes::Plan& plan,
                                                    const Target& target, const std::string& prefix) {
  TrainExpressionEmitter emitter(module, plan, target, prefix);
  std::vector<TrainExpression> result;
  result.reserve(plan.steps.size());
  for (const passes::Step& step : plan.steps) {
    result.push_back(step.kernel == ops::Kernel::expression ? emitter.emit(step) : TrainExpression{});
  }
  return result;
}

}  // namespace d2nn::codegen
