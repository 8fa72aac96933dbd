// forward_tile, and training's forward and backward: each node runs on the rows that execute it. Facts are per row and
// stand in the frame (executed, actions); a conditional node begins with a loop that lists its rows.
#include <llvm/IR/Module.h>

#include "codegen/driver_body.h"
#include "codegen/emit_control.h"
#include "codegen/row_predicates.h"
#include "d2nn/module.h"

namespace d2nn::codegen {

namespace {

using graph::NodeId;
using graph::NodeKind;

class RowsEmitter : DriverBody {
 public:
  RowsEmitter(llvm::Function* function, const NetworkLayout& layout, const NodeFunctions& nodes)
      : DriverBody(function, layout),
        total_(function->getArg(1)),
        nodes_(nodes),
        predicates_(*function->getParent(), function->getName().str() + ".") {}

  void emit_forward() {
    all_rows_ = emit_all_rows();
    const bool is_training = plan_.mode == passes::PlanMode::training;
    for (const passes::ScheduleEntry& entry : plan_.schedule) emit_forward_entry(entry);
    for (const std::uint32_t join : plan_.output_joins) {
      if (is_training) {
        calls_.train_join(join, all_rows_, total_);
      } else {
        calls_.output(join, total_);
      }
    }
    b_.CreateRet(b_.getInt32(0));
  }

  void emit_backward() {
    all_rows_ = emit_all_rows();
    for (const std::uint32_t join : plan_.output_joins) {
      calls_.train_join_backward(join, all_rows_, total_);
    }
    for (std::size_t i = plan_.schedule.size(); i-- > 0;) {
      if (nodes_[plan_.schedule[i].node]) emit_backward_entry(plan_.schedule[i].node);
    }
    b_.CreateRet(b_.getInt32(0));
  }

 private:
  const std::string& name(std::size_t index) const { return program_[plan_.nodes[index].node].name; }
  std::uint32_t flag(std::size_t index) const { return layout_.flags[plan_.nodes[index].node.index]; }
  llvm::Value* at(llvm::Type* type, llvm::Value* base, llvm::Value* i) { return b_.CreateInBoundsGEP(type, base, i); }

  /// for (i = 0; i < total; ++i) body(i); total is at least 1.
  template <class Emit>
  void emit_loop(const std::string& loop_name, Emit body) {
    auto* before = b_.GetInsertBlock();
    auto* loop = block(loop_name);
    auto* done = block(loop_name + ".done");
    b_.CreateBr(loop);
    b_.SetInsertPoint(loop);
    auto* i = b_.CreatePHI(b_.getInt64Ty(), 2, "r");
    i->addIncoming(b_.getInt64(0), before);
    body(i);
    llvm::Value* next = b_.CreateAdd(i, b_.getInt64(1), "", true, true);
    i->addIncoming(next, b_.GetInsertBlock());
    keep_rolled(b_.CreateCondBr(b_.CreateICmpSLT(next, total_), loop, done));
    b_.SetInsertPoint(done);
  }

  /// Lists 0 .. total-1 in the row list of a node that always executes and keeps no list of its own. There is one: what
  /// an input or a dummy feeds first; where decisions leave out some of its work, the first control node.
  llvm::Value* emit_all_rows() {
    std::uint32_t home = 0;
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
      const NodeId id = plan_.nodes[i].node;
      if (plan_.conditions[id.index].is_always() && plan_.needs[id.index].when != paths::Need::When::depends) {
        home = flag(i);
        break;
      }
    }
    llvm::Value* list = frame_.row_list(home);
    emit_loop("all_rows", [&](llvm::Value* i) {
      b_.CreateStore(b_.CreateTrunc(i, b_.getInt32Ty()), at(b_.getInt32Ty(), list, i));
    });
    return list;
  }

  RowFact fact(const passes::Literal& literal) {
    if (const auto* executed = std::get_if<passes::Executed>(&literal)) {
      return {frame_.executed(layout_.flags[executed->node.index]), false, 0};
    }
    const auto& took = std::get<passes::Took>(literal);
    return {frame_.actions(layout_.controls[took.control.index]), true, took.action};
  }

  RowPredicate predicate(const passes::Condition& condition) {
    RowPredicate predicate;
    for (const passes::Clause& clause : condition.clauses) {
      std::vector<RowFact>& facts = predicate.clauses.emplace_back();
      for (const passes::Literal& literal : clause) facts.push_back(fact(literal));
    }
    return predicate;
  }

  /// Where an executed node is needed.
  void add_need(RowPredicate& predicate, const paths::Need& need) {
    for (const paths::DecisionStep& step : need.steps) {
      predicate.decisions.push_back({frame_.actions(layout_.controls[step.control.index]), step.next});
    }
  }

  /// Runs the node on the list and, for a control node, lets each of these rows decide.
  void emit_run(std::size_t index, llvm::Value* rows, llvm::Value* count) {
    if (!nodes_[index]) return;
    return_unless_ok(b_.CreateCall(nodes_[index], {frame_.frame(), rows, count}, name(index) + ".status"));
    const NodeId id = plan_.nodes[index].node;
    if (program_[id].kind != NodeKind::control) return;
    const passes::Operand scores = *plan_.value_of[id.index];
    return_unless_ok(calls_.decide(layout_.controls[id.index], frame_.base_address(scores),
                                   b_.getInt64(static_cast<std::uint64_t>(frame_.row_stride(scores))), rows, count));
  }

  void emit_forward_entry(const passes::ScheduleEntry& entry) {
    const std::size_t index = entry.node;
    const NodeId id = plan_.nodes[index].node;
    const passes::Condition& condition = plan_.conditions[id.index];
    const paths::Need& need = plan_.needs[id.index];
    const bool is_partly_needed = need.when == paths::Need::When::depends;
    llvm::Value* executed = frame_.executed(flag(index));
    if (entry.settles && condition.is_always()) b_.CreateMemSet(executed, b_.getInt8(1), total_, llvm::MaybeAlign(1));
    if (condition.is_always() && !is_partly_needed) {
      if (entry.computes) emit_run(index, all_rows_, total_);
      if (entry.settles) emit_fixed_action(id, executed);
      return;
    }
    if (entry.settles && program_[id].kind == NodeKind::control) {
      llvm::Value* bytes = b_.CreateShl(total_, 2);
      b_.CreateMemSet(frame_.actions(layout_.controls[id.index]), b_.getInt8(0xff), bytes, llvm::MaybeAlign(4));
    }
    // Settling and computing in one entry tests once, unless fewer rows are computed than execute.
    const bool asks_once = entry.settles && entry.computes && !is_partly_needed;
    llvm::Value* list = entry.computes ? frame_.row_list(flag(index)) : nullptr;
    llvm::Value* count = nullptr;
    if (entry.settles && !condition.is_always()) {
      count = predicates_.test_rows(b_, predicate(condition), total_, executed, asks_once ? list : nullptr);
    }
    if (entry.settles) emit_fixed_action(id, executed);
    if (!entry.computes) return;
    if (!asks_once) {
      RowPredicate computed;
      if (!condition.is_always()) computed.clauses.push_back({RowFact{executed, false, 0}});
      add_need(computed, need);
      count = predicates_.test_rows(b_, computed, total_, nullptr, list);
    }
    count->setName(name(index) + ".count");
    emit_if_any(index, count, [&] { emit_run(index, list, count); });
  }

  void emit_fixed_action(NodeId id, llvm::Value* executed) {
    const std::optional<std::uint32_t> action = program_[id].fixed_action;
    if (action) predicates_.write_action(b_, executed, total_, frame_.actions(layout_.controls[id.index]), *action);
  }

  void emit_backward_entry(std::size_t index) {
    const auto call = [&](llvm::Value* rows, llvm::Value* count) {
      return_unless_ok(b_.CreateCall(nodes_[index], {frame_.frame(), rows, count}, name(index) + ".status"));
    };
    if (plan_.conditions[plan_.nodes[index].node.index].is_always()) {
      call(all_rows_, total_);
      return;
    }
    llvm::Value* list = frame_.row_list(flag(index));
    const RowPredicate executed{{{RowFact{frame_.executed(flag(index)), false, 0}}}, {}};
    llvm::Value* count = predicates_.test_rows(b_, executed, total_, nullptr, list);
    emit_if_any(index, count, [&] { call(list, count); });
  }

  /// The branch of a node: taken when at least one row executes it.
  template <class Emit>
  void emit_if_any(std::size_t index, llvm::Value* count, Emit body) {
    auto* run = block(name(index));
    auto* after = block(name(index) + ".after");
    b_.CreateCondBr(b_.CreateICmpSGT(count, b_.getInt64(0)), run, after);
    b_.SetInsertPoint(run);
    body();
    b_.CreateBr(after);
    b_.SetInsertPoint(after);
  }

  llvm::Value* total_;
  const NodeFunctions& nodes_;
  RowPredicates predicates_;
  llvm::Value* all_rows_ = nullptr;
};

llvm::Function* make_driver(llvm::Module& module, const std::string& name) {
  llvm::LLVMContext& context = module.getContext();
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context),
                                       {llvm::PointerType::getUnqual(context), llvm::Type::getInt64Ty(context)}, false);
  auto* function = llvm::Function::Create(type, llvm::Function::InternalLinkage, name, module);
  function->getArg(0)->setName("frame");
  function->getArg(1)->setName("rows");
  return function;
}

}  // namespace

llvm::Function* DriverEmitter::emit_forward_rows(const NodeFunctions& nodes, const std::string& name) {
  llvm::Function* function = make_driver(module_, name);
  RowsEmitter(function, layout_, nodes).emit_forward();
  return function;
}

llvm::Function* DriverEmitter::emit_backward_rows(const NodeFunctions& nodes, const std::string& name) {
  llvm::Function* function = make_driver(module_, name);
  RowsEmitter(function, layout_, nodes).emit_backward();
  return function;
}

}  // namespace d2nn::codegen
