#include "codegen/row_predicates.h"

#include <llvm/IR/Module.h>

#include "codegen/frame_access.h"

namespace d2nn::codegen {

namespace {

/// A predicate without its facts: equal shapes share one function.
std::string shape_of(const RowPredicate& predicate, bool has_flags, bool has_list) {
  std::string shape = has_flags ? "flag" : "";
  if (has_list) shape += "list";
  for (const std::vector<RowFact>& clause : predicate.clauses) {
    shape += ".";
    for (const RowFact& fact : clause) shape += fact.is_action ? "a" : "x";
  }
  for (const RowDecision& decision : predicate.decisions) {
    shape += ".d";
    for (const std::uint32_t next : decision.next) shape += "_" + std::to_string(next);
  }
  return shape;
}

/// for (i = 0; i < total; ++i) body(i); total is at least 1.
template <class Emit>
void emit_loop(llvm::IRBuilder<>& b, llvm::Function* function, llvm::Value* total, Emit body) {
  auto* before = b.GetInsertBlock();
  auto* loop = llvm::BasicBlock::Create(b.getContext(), "rows", function);
  auto* done = llvm::BasicBlock::Create(b.getContext(), "done", function);
  b.CreateBr(loop);
  b.SetInsertPoint(loop);
  auto* i = b.CreatePHI(b.getInt64Ty(), 2, "r");
  i->addIncoming(b.getInt64(0), before);
  body(i);
  llvm::Value* next = b.CreateAdd(i, b.getInt64(1), "", true, true);
  i->addIncoming(next, b.GetInsertBlock());
  keep_rolled(b.CreateCondBr(b.CreateICmpSLT(next, total), loop, done));
  b.SetInsertPoint(done);
}

/// The body of a predicate's function: reads its facts, in order, from the arguments.
class Asker {
 public:
  Asker(llvm::IRBuilder<>& b, llvm::Function* function, unsigned first_fact)
      : b_(b), function_(function), first_fact_(first_fact) {}

  /// i1: the answer for a row.
  llvm::Value* answer(const RowPredicate& predicate, llvm::Value* row) {
    next_argument_ = first_fact_;
    llvm::Value* all = b_.getTrue();
    for (const std::vector<RowFact>& clause : predicate.clauses) {
      llvm::Value* any = b_.getFalse();
      for (const RowFact& fact : clause) any = b_.CreateOr(any, holds(fact, row));
      all = b_.CreateAnd(all, any);
    }
    std::vector<llvm::Value*> answers{b_.getFalse(), b_.getTrue()};
    for (const RowDecision& decision : predicate.decisions) {
      llvm::Value* action = b_.CreateLoad(b_.getInt32Ty(), b_.CreateInBoundsGEP(b_.getInt32Ty(), argument(), row));
      answers.push_back(follow(decision, action, answers));
    }
    return predicate.decisions.empty() ? all : b_.CreateAnd(all, answers.back());
  }

 private:
  llvm::Value* argument() { return function_->getArg(next_argument_++); }

  llvm::Value* holds(const RowFact& fact, llvm::Value* row) {
    llvm::Value* rows = argument();
    llvm::Type* type = fact.is_action ? b_.getInt32Ty() : b_.getInt8Ty();
    llvm::Value* value = b_.CreateLoad(type, b_.CreateInBoundsGEP(type, rows, row));
    return fact.is_action ? b_.CreateICmpEQ(value, argument()) : b_.CreateICmpNE(value, b_.getInt8(0));
  }

  llvm::Value* follow(const RowDecision& decision, llvm::Value* action, const std::vector<llvm::Value*>& answers) {
    llvm::Value* result = answers[decision.next[0]];
    for (std::uint32_t a = 1; a < decision.next.size(); ++a) {
      if (decision.next[a] == decision.next[0]) continue;
      result = b_.CreateSelect(b_.CreateICmpEQ(action, b_.getInt32(a)), answers[decision.next[a]], result);
    }
    return result;
  }

  llvm::IRBuilder<>& b_;
  llvm::Function* function_;
  unsigned first_fact_;
  unsigned next_argument_ = 0;
};

}  // namespace

llvm::Function* RowPredicates::make(const std::string& name, llvm::Type* result,
                                    const std::vector<llvm::Type*>& types) {
  auto* function = llvm::Function::Create(llvm::FunctionType::get(result, types, false),
                                          llvm::Function::InternalLinkage, prefix_ + name, module_);
  function->addFnAttr(llvm::Attribute::NoInline);
  return function;
}

llvm::Value* RowPredicates::test_rows(llvm::IRBuilder<>& b, const RowPredicate& predicate, llvm::Value* total,
                                      llvm::Value* flags, llvm::Value* list) {
  std::vector<llvm::Value*> arguments{total};
  if (flags) arguments.push_back(flags);
  if (list) arguments.push_back(list);
  const auto first_fact = static_cast<unsigned>(arguments.size());
  for (const std::vector<RowFact>& clause : predicate.clauses) {
    for (const RowFact& fact : clause) {
      arguments.push_back(fact.rows);
      if (fact.is_action) arguments.push_back(b.getInt32(fact.action));
    }
  }
  for (const RowDecision& decision : predicate.decisions) arguments.push_back(decision.actions);

  const std::string shape = shape_of(predicate, flags != nullptr, list != nullptr);
  llvm::Function*& function = functions_[shape];
  if (!function) {
    std::vector<llvm::Type*> types;
    for (const llvm::Value* argument : arguments) types.push_back(argument->getType());
    function = make("rows." + shape, b.getInt64Ty(), types);
    llvm::IRBuilder<> body(llvm::BasicBlock::Create(b.getContext(), "entry", function));
    llvm::Value* count = body.CreateAlloca(body.getInt64Ty(), nullptr, "count");
    body.CreateStore(body.getInt64(0), count);
    Asker asker(body, function, first_fact);
    emit_loop(body, function, function->getArg(0), [&](llvm::Value* row) {
      llvm::Value* holds = asker.answer(predicate, row);
      if (flags) {
        llvm::Value* flag = body.CreateInBoundsGEP(body.getInt8Ty(), function->getArg(1), row);
        body.CreateStore(body.CreateZExt(holds, body.getInt8Ty()), flag);
      }
      llvm::Value* n = body.CreateLoad(body.getInt64Ty(), count);
      if (list) {
        // Stored without a branch: the place behind the last row is overwritten until a row stays.
        llvm::Value* place = body.CreateInBoundsGEP(body.getInt32Ty(), function->getArg(first_fact - 1), n);
        body.CreateStore(body.CreateTrunc(row, body.getInt32Ty()), place);
      }
      body.CreateStore(body.CreateAdd(n, body.CreateZExt(holds, body.getInt64Ty()), "", true, true), count);
    });
    body.CreateRet(body.CreateLoad(body.getInt64Ty(), count));
  }
  return b.CreateCall(function, arguments);
}

void RowPredicates::write_action(llvm::IRBuilder<>& b, llvm::Value* flags, llvm::Value* total, llvm::Value* actions,
                                 std::uint32_t action) {
  llvm::Function*& function = functions_["action"];
  if (!function) {
    function = make("rows.action", b.getVoidTy(), {b.getInt64Ty(), b.getPtrTy(), b.getPtrTy(), b.getInt32Ty()});
    llvm::IRBuilder<> body(llvm::BasicBlock::Create(b.getContext(), "entry", function));
    emit_loop(body, function, function->getArg(0), [&](llvm::Value* row) {
      llvm::Value* flag =
          body.CreateLoad(body.getInt8Ty(), body.CreateInBoundsGEP(body.getInt8Ty(), function->getArg(1), row));
      llvm::Value* taken =
          body.CreateSelect(body.CreateICmpNE(flag, body.getInt8(0)), function->getArg(3), body.getInt32(-1u));
      body.CreateStore(taken, body.CreateInBoundsGEP(body.getInt32Ty(), function->getArg(2), row));
    });
    body.CreateRetVoid();
  }
  b.CreateCall(function, {total, flags, actions, b.getInt32(action)});
}

}  // namespace d2nn::codegen
