// forward_one. Facts known at a point of the code (which nodes executed, which action a control node took) are SSA
// values: they are computed once, in blocks that dominate every later use.
#include <llvm/IR/Module.h>

#include <algorithm>

#include "codegen/driver_body.h"
#include "codegen/emit_control.h"
#include "d2nn/module.h"

namespace d2nn::codegen {

namespace {

using graph::NodeId;
using graph::NodeKind;

class OneEmitter : DriverBody {
 public:
  OneEmitter(llvm::Function* function, const NetworkLayout& layout, const NodeFunctions& nodes)
      : DriverBody(function, layout),
        nodes_(nodes),
        executed_(program_.nodes.size(), b_.getTrue()),
        action_(program_.nodes.size(), nullptr),
        is_done_(plan_.schedule.size(), false) {
    // Inputs and dummies that no action can skip execute; so do nodes once settled. What has no entry in the schedule
    // never executes.
    for (const passes::NodePlan& node : plan_.nodes) {
      executed_[node.node.index] = b_.getFalse();
      action_[node.node.index] = b_.getInt32(-1u);
    }
    auto* zero = llvm::ConstantDataArray::get(function->getContext(), llvm::ArrayRef<std::uint32_t>{0});
    row_zero_ = new llvm::GlobalVariable(*function->getParent(), zero->getType(), true,
                                         llvm::GlobalValue::PrivateLinkage, zero, "row_zero");
  }

  void run() {
    for (std::size_t i = 0; i < plan_.schedule.size(); ++i) {
      if (!is_done_[i]) emit_entry(i);
    }
    for (const std::uint32_t join : plan_.output_joins) {
      calls_.output(join, b_.getInt64(1));
    }
    b_.CreateRet(b_.getInt32(0));
  }

 private:
  const std::string& name(NodeId id) const { return program_[id].name; }

  llvm::Value* holds(const passes::Literal& literal) {
    if (const auto* executed = std::get_if<passes::Executed>(&literal)) return executed_[executed->node.index];
    const auto& took = std::get<passes::Took>(literal);
    return b_.CreateICmpEQ(action_[took.control.index], b_.getInt32(took.action));
  }

  llvm::Value* holds(const passes::Condition& condition) {
    return evaluate(condition, [&](const passes::Literal& literal) { return holds(literal); });
  }

  NodeId node_of(std::size_t entry) const { return plan_.nodes[plan_.schedule[entry].node].node; }
  const passes::Condition& condition_of(std::size_t entry) const { return plan_.conditions[node_of(entry).index]; }

  void store_executed(std::size_t entry, bool executes) {
    b_.CreateStore(b_.getInt8(executes ? 1 : 0), frame_.executed(layout_.flags[node_of(entry).index]));
  }

  /// An entry of the schedule: behind a branch when it is conditional.
  void emit_entry(std::size_t index) {
    is_done_[index] = true;
    const passes::ScheduleEntry& entry = plan_.schedule[index];
    const NodeId id = node_of(index);
    const passes::Condition& condition = plan_.conditions[id.index];
    if (!entry.settles) {
      emit_computation(index);
      return;
    }
    if (condition.is_always()) {
      executed_[id.index] = b_.getTrue();
      emit_run(index);
      return;
    }
    llvm::Value* executes = holds(condition);
    executes->setName(name(id) + ".executes");
    auto* run = block(name(id));
    auto* after = block(name(id) + ".after");
    auto* before = b_.GetInsertBlock();
    store_executed(index, false);
    const bool is_control = program_[id].kind == NodeKind::control;
    if (is_control) b_.CreateStore(b_.getInt32(-1u), frame_.actions(layout_.controls[id.index]));
    // Nodes that only an action of this node activates are emitted inside its branch: they are skipped with it.
    const std::vector<std::size_t> guarded = is_control ? guarded_by(index) : std::vector<std::size_t>{};
    for (const std::size_t inner : guarded) {
      if (plan_.schedule[inner].settles) store_executed(inner, false);
    }
    b_.CreateCondBr(executes, run, after);
    b_.SetInsertPoint(run);
    executed_[id.index] = b_.getTrue();
    emit_run(index);
    auto* run_end = b_.GetInsertBlock();
    b_.CreateBr(after);
    b_.SetInsertPoint(after);
    executed_[id.index] = executes;
    if (is_control)
      action_[id.index] = merge(action_[id.index], run_end, b_.getInt32(-1u), before, name(id) + ".action");
    for (const std::size_t inner : guarded) {
      if (!plan_.schedule[inner].settles) continue;
      const NodeId inner_id = node_of(inner);
      executed_[inner_id.index] =
          merge(executed_[inner_id.index], run_end, b_.getFalse(), before, name(inner_id) + ".executed");
    }
  }

  /// i1: an executed node is needed.
  llvm::Value* is_needed(const paths::Need& need) {
    std::vector<llvm::Value*> answers{b_.getFalse(), b_.getTrue()};
    for (const paths::DecisionStep& step : need.steps) {
      llvm::Value* answer = answers[step.next[0]];
      for (std::uint32_t a = 1; a < step.next.size(); ++a) {
        if (step.next[a] == step.next[0]) continue;
        llvm::Value* is_taken = b_.CreateICmpEQ(action_[step.control.index], b_.getInt32(a));
        answer = b_.CreateSelect(is_taken, answers[step.next[a]], answer);
      }
      answers.push_back(answer);
    }
    return answers.back();
  }

  /// Computes a node that is settled, where it executed and is needed.
  void emit_computation(std::size_t index) {
    const NodeId id = node_of(index);
    const paths::Need& need = plan_.needs[id.index];
    llvm::Value* computes = executed_[id.index];
    if (need.when == paths::Need::When::depends)
      computes = b_.CreateAnd(computes, is_needed(need), name(id) + ".needed");
    emit_call_if(computes, index);
  }

  void emit_call_if(llvm::Value* computes, std::size_t index) {
    const NodeId id = node_of(index);
    if (computes == b_.getTrue()) {
      emit_call(index);
      return;
    }
    auto* run = block(name(id));
    auto* after = block(name(id) + ".after");
    b_.CreateCondBr(computes, run, after);
    b_.SetInsertPoint(run);
    emit_call(index);
    b_.CreateBr(after);
    b_.SetInsertPoint(after);
  }

  void emit_call(std::size_t index) {
    llvm::Function* function = nodes_[plan_.schedule[index].node];
    if (!function) return;
    return_unless_ok(
        b_.CreateCall(function, {frame_.frame(), row_zero_, b_.getInt64(1)}, name(node_of(index)) + ".status"));
  }

  llvm::Value* merge(llvm::Value* first, llvm::BasicBlock* from, llvm::Value* second, llvm::BasicBlock* other,
                     const std::string& value_name) {
    auto* phi = b_.CreatePHI(first->getType(), 2, value_name);
    phi->addIncoming(first, from);
    phi->addIncoming(second, other);
    return phi;
  }

  /// An executed node: computes it if this entry is where that happens, and for a control node decides and branches.
  void emit_run(std::size_t index) {
    const NodeId id = node_of(index);
    store_executed(index, true);
    if (program_[id].fixed_action) {
      action_[id.index] = b_.getInt32(*program_[id].fixed_action);
      b_.CreateStore(action_[id.index], frame_.actions(layout_.controls[id.index]));
      return;
    }
    if (!plan_.schedule[index].computes) return;
    if (plan_.needs[id.index].when == paths::Need::When::depends) {
      executed_[id.index] = b_.getTrue();
      emit_computation(index);
      return;
    }
    emit_call(index);
    if (program_[id].kind == NodeKind::control) emit_decision(index);
  }

  /// The entries behind a control node that belong into its branches: of nodes that execute exactly when it does and
  /// takes one certain action, and of settled nodes whose value this decision alone settles the need of.
  std::vector<std::size_t> guarded_by(std::size_t control) const {
    const NodeId id = node_of(control);
    std::vector<std::size_t> guarded;
    if (program_[id].fixed_action) return guarded;
    for (std::size_t i = control + 1; i < plan_.schedule.size() && (guarding_action(control, i) || waits_for(id, i));
         ++i) {
      guarded.push_back(i);
    }
    return guarded;
  }

  bool waits_for(NodeId control, std::size_t index) const {
    const paths::Need& need = plan_.needs[node_of(index).index];
    if (plan_.schedule[index].settles || need.steps.size() != 1 || need.steps[0].control != control) return false;
    // Where the control node may be skipped, a value that is needed then cannot stand in its branches.
    return need.steps[0].next[0] == 0 || plan_.conditions[control.index].is_always();
  }

  std::optional<std::uint32_t> guarding_action(std::size_t control, std::size_t index) const {
    const NodeId id = node_of(index);
    const bool runs_at_once = plan_.schedule[index].settles && plan_.schedule[index].computes &&
                              plan_.needs[id.index].when == paths::Need::When::always;
    if (!runs_at_once && program_[id].kind != NodeKind::dummy) return std::nullopt;
    if (program_[id].kind == NodeKind::control) return std::nullopt;
    const auto& outer = condition_of(control).clauses;
    std::optional<std::uint32_t> action;
    for (const passes::Clause& clause : plan_.conditions[id.index].clauses) {
      const auto* took = clause.size() == 1 ? std::get_if<passes::Took>(&clause[0]) : nullptr;
      if (took && took->control == node_of(control)) {
        action = took->action;
      } else if (std::find(outer.begin(), outer.end(), clause) == outer.end()) {
        return std::nullopt;
      }
    }
    return action;
  }

  /// The switch on a control node's result; the nodes that one action alone activates stand in that action's block.
  void emit_decision(std::size_t index) {
    const NodeId id = node_of(index);
    const graph::Node& control = program_[id];
    const std::uint32_t position = layout_.controls[id.index];
    llvm::Value* scores = frame_.row_address(*plan_.value_of[id.index], b_.getInt64(0));
    llvm::Value* action = calls_.decide_one(position, scores);
    action->setName(control.name + ".action");
    auto* decided = block(control.name + ".decided");
    auto* failed = block(control.name + ".failed");
    b_.CreateCondBr(b_.CreateICmpSLT(action, b_.getInt32(0)), failed, decided);
    b_.SetInsertPoint(failed);
    b_.CreateRet(b_.CreateSub(b_.getInt32(-1), action));
    b_.SetInsertPoint(decided);
    b_.CreateStore(action, frame_.actions(position));
    action_[id.index] = action;

    const std::vector<std::size_t> guarded = guarded_by(index);
    auto* after = block(control.name + ".after");
    std::vector<llvm::BasicBlock*> cases;
    for (const graph::Action& choice : control.actions) cases.push_back(block(control.name + "." + choice.name));
    auto* dispatch = b_.CreateSwitch(action, cases.back(), static_cast<unsigned>(cases.size()));
    for (std::uint32_t a = 0; a + 1 < cases.size(); ++a) dispatch->addCase(b_.getInt32(a), cases[a]);

    std::vector<llvm::BasicBlock*> ends;
    for (std::uint32_t a = 0; a < cases.size(); ++a) {
      b_.SetInsertPoint(cases[a]);
      for (const std::size_t inner : guarded) {
        is_done_[inner] = true;
        if (!plan_.schedule[inner].settles) {
          if (plan_.needs[node_of(inner).index].steps[0].next[a] == 1)
            emit_call_if(executed_[node_of(inner).index], inner);
        } else if (guarding_action(index, inner) == a) {
          emit_run(inner);
        } else {
          store_executed(inner, false);
        }
      }
      ends.push_back(b_.GetInsertBlock());
      b_.CreateBr(after);
    }
    b_.SetInsertPoint(after);
    for (const std::size_t inner : guarded) {
      if (!plan_.schedule[inner].settles) continue;
      const NodeId inner_id = node_of(inner);
      auto* phi = b_.CreatePHI(b_.getInt1Ty(), static_cast<unsigned>(ends.size()), name(inner_id) + ".executed");
      const auto chosen = guarding_action(index, inner);
      for (std::uint32_t a = 0; a < ends.size(); ++a) phi->addIncoming(b_.getInt1(chosen == a), ends[a]);
      executed_[inner_id.index] = phi;
    }
  }

  const NodeFunctions& nodes_;
  std::vector<llvm::Value*> executed_;  // i1 by NodeId::index
  std::vector<llvm::Value*> action_;    // i32 by NodeId::index, control nodes
  std::vector<bool> is_done_;           // by position in Plan::turns
  llvm::GlobalVariable* row_zero_;
};

}  // namespace

llvm::Function* DriverEmitter::emit_forward_one(const NodeFunctions& nodes) {
  llvm::LLVMContext& context = module_.getContext();
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context), {llvm::PointerType::getUnqual(context)}, false);
  auto* function =
      llvm::Function::Create(type, llvm::Function::InternalLinkage, layout_.program->name + ".forward_one", module_);
  function->getArg(0)->setName("frame");
  OneEmitter(function, layout_, nodes).run();
  return function;
}

}  // namespace d2nn::codegen
