// forward_one. Facts known at a point of the code (which nodes executed, which action a control node took) are SSA values: they
// are computed once, in blocks that dominate every later use.
#include <algorithm>

#include "codegen/driver_body.h"
#include "codegen/emit_control.h"
#include <llvm/IR/Module.h>

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
        is_done_(plan_.nodes.size(), false) {
    auto* zero = llvm::ConstantDataArray::get(function->getContext(), llvm::ArrayRef<std::uint32_t>{0});
    row_zero_ = new llvm::GlobalVariable(*function->getParent(), zero->getType(), true, llvm::GlobalValue::PrivateLinkage, zero, "row_zero");
  }

  void run() {
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
      if (!is_done_[i]) emit_turn(i);
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

  /// A node whose turn has come: behind a branch when it is conditional.
  void emit_turn(std::size_t index) {
    is_done_[index] = true;
    const NodeId id = plan_.nodes[index].node;
    const passes::Condition& condition = plan_.conditions[id.index];
    if (condition.is_always()) {
      emit_run(index);
      return;
    }
    llvm::Value* executes = holds(condition);
    executes->setName(name(id) + ".executes");
    auto* run = block(name(id));
    auto* after = block(name(id) + ".after");
    auto* before = b_.GetInsertBlock();
    b_.CreateStore(b_.getInt8(0), frame_.executed(layout_.flags[id.index]));
    const bool is_control = program_[id].kind == NodeKind::control;
    if (is_control) b_.CreateStore(b_.getInt32(-1), frame_.actions(layout_.controls[id.index]));
    // Nodes that only an action of this node activates are emitted inside its branch: they are skipped with it.
    const std::vector<std::size_t> guarded = is_control ? guarded_by(index) : std::vector<std::size_t>{};
    for (const std::size_t inner : guarded) {
      b_.CreateStore(b_.getInt8(0), frame_.executed(layout_.flags[plan_.nodes[inner].node.index]));
    }
    b_.CreateCondBr(executes, run, after);
    b_.SetInsertPoint(run);
    emit_run(index);
    auto* run_end = b_.GetInsertBlock();
    b_.CreateBr(after);
    b_.SetInsertPoint(after);
    executed_[id.index] = executes;
    if (is_control) action_[id.index] = merge(action_[id.index], run_end, b_.getInt32(-1), before, name(id) + ".action");
    for (const std::size_t inner : guarded) {
      const NodeId inner_id = plan_.nodes[inner].node;
      executed_[inner_id.index] = merge(executed_[inner_id.index], run_end, b_.getFalse(), before, name(inner_id) + ".executed");
    }
  }

  llvm::Value* merge(llvm::Value* first, llvm::BasicBlock* from, llvm::Value* second, llvm::BasicBlock* other, const std::string& value_name) {
    auto* phi = b_.CreatePHI(first->getType(), 2, value_name);
    phi->addIncoming(first, from);
    phi->addIncoming(second, other);
    return phi;
  }

  /// Calls the node, and for a control node decides and branches.
  void emit_run(std::size_t index) {
    const NodeId id = plan_.nodes[index].node;
    b_.CreateStore(b_.getInt8(1), frame_.executed(layout_.flags[id.index]));
    if (llvm::Function* function = nodes_[index]) {
      return_unless_ok(b_.CreateCall(function, {frame_.frame(), row_zero_, b_.getInt64(1)}, name(id) + ".status"));
    }
    if (program_[id].kind == NodeKind::control) emit_decision(index);
  }

  /// Nodes of the plan that execute exactly when this control node does and takes one certain action.
  std::vector<std::size_t> guarded_by(std::size_t control) const {
    const NodeId id = plan_.nodes[control].node;
    const auto& outer = plan_.conditions[id.index].clauses;
    std::vector<std::size_t> guarded;
    for (std::size_t i = control + 1; i < plan_.nodes.size() && guarding_action(id, outer, i); ++i) guarded.push_back(i);
    return guarded;
  }

  std::optional<std::uint32_t> guarding_action(NodeId control, const std::vector<passes::Clause>& outer, std::size_t index) const {
    const NodeId id = plan_.nodes[index].node;
    if (program_[id].kind == NodeKind::control) return std::nullopt;
    std::optional<std::uint32_t> action;
    for (const passes::Clause& clause : plan_.conditions[id.index].clauses) {
      const auto* took = clause.size() == 1 ? std::get_if<passes::Took>(&clause[0]) : nullptr;
      if (took && took->control == control) {
        action = took->action;
      } else if (std::find(outer.begin(), outer.end(), clause) == outer.end()) {
        return std::nullopt;
      }
    }
    return action;
  }

  /// The switch on a control node's result; the nodes that one action alone activates stand in that action's block.
  void emit_decision(std::size_t index) {
    const NodeId id = plan_.nodes[index].node;
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
        if (guarding_action(id, plan_.conditions[id.index].clauses, inner) == a) {
          emit_run(inner);
        } else {
          b_.CreateStore(b_.getInt8(0), frame_.executed(layout_.flags[plan_.nodes[inner].node.index]));
        }
      }
      ends.push_back(b_.GetInsertBlock());
      b_.CreateBr(after);
    }
    b_.SetInsertPoint(after);
    for (const std::size_t inner : guarded) {
      const NodeId inner_id = plan_.nodes[inner].node;
      auto* phi = b_.CreatePHI(b_.getInt1Ty(), static_cast<unsigned>(ends.size()), name(inner_id) + ".executed");
      const auto chosen = guarding_action(id, plan_.conditions[id.index].clauses, inner);
      for (std::uint32_t a = 0; a < ends.size(); ++a) phi->addIncoming(b_.getInt1(chosen == a), ends[a]);
      executed_[inner_id.index] = phi;
    }
  }

  const NodeFunctions& nodes_;
  std::vector<llvm::Value*> executed_;  // i1 by NodeId::index
  std::vector<llvm::Value*> action_;    // i32 by NodeId::index, control nodes
  std::vector<bool> is_done_;           // by position in Plan::nodes
  llvm::GlobalVariable* row_zero_;
};

}  // namespace

llvm::Function* DriverEmitter::emit_forward_one(const NodeFunctions& nodes) {
  llvm::LLVMContext& context = module_.getContext();
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context), {llvm::PointerType::getUnqual(context)}, false);
  auto* function = llvm::Function::Create(type, llvm::Function::InternalLinkage, layout_.program->name + ".forward_one", module_);
  function->getArg(0)->setName("frame");
  OneEmitter(function, layout_, nodes).run();
  return function;
}

}  // namespace d2nn::codegen
