#include "codegen/frame_access.h"

#include <algorithm>

#include "d2nn/module.h"

namespace d2nn::codegen {

using graph::NodeKind;

NetworkLayout make_layout(const graph::Program& program, const passes::Plan& plan) {
  NetworkLayout layout;
  layout.program = &program;
  layout.plan = &plan;
  layout.flags.assign(program.nodes.size(), D2NN_NO_INDEX);
  layout.controls.assign(program.nodes.size(), D2NN_NO_INDEX);
  for (const graph::NodeId id : graph::nodes_of(program, NodeKind::input))
    layout.input_elements.push_back(program[id].shape.elements());
  std::uint32_t control = 0;
  for (const graph::NodeId id : graph::nodes_of(program, NodeKind::control)) layout.controls[id.index] = control++;
  for (const passes::NodePlan& node : plan.nodes) {
    if (program[node.node].kind != NodeKind::dummy) layout.flags[node.node.index] = layout.flag_count++;
  }
  layout.node_count = layout.flag_count;
  for (const passes::NodePlan& node : plan.nodes) {
    if (program[node.node].kind == NodeKind::dummy) layout.flags[node.node.index] = layout.flag_count++;
  }
  layout.flag_count = std::max(layout.flag_count, 1U);  // the list of all rows needs a place even where no node runs
  return layout;
}

void keep_rolled(llvm::BranchInst* back_edge) {
  llvm::LLVMContext& context = back_edge->getContext();
  const auto property = [&](const char* key) { return llvm::MDNode::get(context, llvm::MDString::get(context, key)); };
  llvm::Metadata* no = llvm::ConstantAsMetadata::get(llvm::ConstantInt::getFalse(context));
  llvm::MDNode* vectorize =
      llvm::MDNode::get(context, {llvm::MDString::get(context, "llvm.loop.vectorize.enable"), no});
  llvm::MDNode* loop = llvm::MDNode::getDistinct(context, {nullptr, property("llvm.loop.unroll.disable"), vectorize});
  loop->replaceOperandWith(0, loop);  // a loop is known by a node that names itself
  back_edge->setMetadata(llvm::LLVMContext::MD_loop, loop);
}

llvm::Value* FrameAccess::member(std::size_t byte_offset, const char* name) {
  llvm::Value*& loaded = members_[byte_offset];
  if (!loaded) {
    llvm::BasicBlock& entry = b_.GetInsertBlock()->getParent()->getEntryBlock();
    llvm::IRBuilder<> b(&entry, entry.begin());
    llvm::Value* address = b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), frame_, byte_offset);
    loaded = b.CreateLoad(b.getPtrTy(), address, name);
  }
  return loaded;
}

llvm::Value* FrameAccess::times_capacity(std::int64_t index) {
  if (layout_.plan->mode == passes::PlanMode::inference)
    return b_.getInt64(static_cast<std::uint64_t>(index * layout_.plan->tile_rows));
  if (index == 0) return b_.getInt64(0);
  llvm::Value* address = b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), frame_, offsetof(d2nn_frame, capacity));
  return b_.CreateMul(b_.CreateLoad(b_.getInt64Ty(), address, "capacity"),
                      b_.getInt64(static_cast<std::uint64_t>(index)));
}

llvm::Value* FrameAccess::offset(llvm::Type* element, llvm::Value* base, llvm::Value* index) {
  return b_.CreateInBoundsGEP(element, base, index);
}

std::int64_t FrameAccess::row_stride(passes::Operand operand) const {
  return operand.is_input ? layout_.input_elements[operand.index] : layout_.plan->buffers[operand.index].stride;
}

llvm::Value* FrameAccess::base_address(passes::Operand operand) {
  if (operand.is_input) {
    llvm::Value* inputs = member(offsetof(d2nn_frame, inputs), "inputs");
    return b_.CreateLoad(b_.getPtrTy(), b_.CreateConstInBoundsGEP1_64(b_.getPtrTy(), inputs, operand.index), "input");
  }
  const passes::Buffer& buffer = layout_.plan->buffers[operand.index];
  if (buffer.is_row_local) {
    return offset(b_.getFloatTy(), scratch(),
                  b_.getInt64(static_cast<std::uint64_t>(layout_.kernel_scratch_floats + buffer.offset)));
  }
  return offset(b_.getFloatTy(), member(offsetof(d2nn_frame, arena), "arena"), times_capacity(buffer.offset));
}

llvm::Value* FrameAccess::row_address(passes::Operand operand, llvm::Value* row) {
  llvm::Value* base = base_address(operand);
  if (!operand.is_input && layout_.plan->buffers[operand.index].is_row_local) return base;
  llvm::Value* distance =
      b_.CreateMul(row, b_.getInt64(static_cast<std::uint64_t>(row_stride(operand))), "", true, true);
  return offset(b_.getFloatTy(), base, distance);
}

llvm::Value* FrameAccess::executed(std::uint32_t flag) {
  return offset(b_.getInt8Ty(), member(offsetof(d2nn_frame, executed), "executed"), times_capacity(flag));
}

llvm::Value* FrameAccess::row_list(std::uint32_t flag) {
  return offset(b_.getInt32Ty(), member(offsetof(d2nn_frame, row_lists), "row_lists"), times_capacity(flag));
}

llvm::Value* FrameAccess::actions(std::uint32_t control) {
  return offset(b_.getInt32Ty(), member(offsetof(d2nn_frame, actions), "actions"), times_capacity(control));
}

llvm::Value* FrameAccess::packed(std::uint32_t op) {
  llvm::Value* table = member(offsetof(d2nn_frame, packed), "packed");
  return b_.CreateLoad(b_.getPtrTy(), b_.CreateConstInBoundsGEP1_64(b_.getPtrTy(), table, op), "weights");
}

llvm::Value* FrameAccess::scratch() {
  return member(offsetof(d2nn_frame, scratch), "scratch");
}

}  // namespace d2nn::codegen
