// How emitted code reads the frame of d2nn/module.h: the only place that knows where its members stand.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <map>
#include <vector>

#include "passes/plan.h"

namespace d2nn::codegen {

/// What every function of a network shares while it is emitted.
struct NetworkLayout {
  const graph::Program* program = nullptr;
  const passes::Plan* plan = nullptr;
  std::vector<std::int64_t> input_elements;  // by position among the inputs
  std::vector<std::uint32_t> flags;          // by NodeId::index: row of frame->executed, or D2NN_NO_INDEX
  std::vector<std::uint32_t> controls;       // by NodeId::index: position among the control nodes, or D2NN_NO_INDEX
  std::uint32_t node_count = 0;              // regular and control nodes: the first flags
  std::uint32_t flag_count = 0;
  std::int64_t kernel_scratch_floats = 0;  // row-local buffers follow the kernels' own scratch
};

/// Numbers the nodes of a plan for the frame.
NetworkLayout make_layout(const graph::Program& program, const passes::Plan& plan);

/// Keeps LLVM from unrolling and vectorising the loop that this branch closes. Networks have such loops by the hundred,
/// over the few rows of a tile; copies of them would be most of the code and of the time that LLVM takes for it.
void keep_rolled(llvm::BranchInst* back_edge);

/// Emits addresses inside one function that received the frame.
class FrameAccess {
 public:
  FrameAccess(llvm::IRBuilder<>& builder, llvm::Value* frame, const NetworkLayout& layout)
      : b_(builder), frame_(frame), layout_(layout) {}

  llvm::Value* frame() const { return frame_; }
  /// Address of element 0 of a row (i64) of a tensor; row-local buffers have one place whatever the row.
  llvm::Value* row_address(passes::Operand operand, llvm::Value* row);
  /// Address of row 0, and the distance between rows in floats.
  llvm::Value* base_address(passes::Operand operand);
  std::int64_t row_stride(passes::Operand operand) const;
  /// Rows of one flag in executed (i8) and row_lists (i32), of one control node in actions (i32).
  llvm::Value* executed(std::uint32_t flag);
  llvm::Value* row_list(std::uint32_t flag);
  llvm::Value* actions(std::uint32_t control);
  /// Packed weights of an op, or null.
  llvm::Value* packed(std::uint32_t op);
  llvm::Value* scratch();

 private:
  /// A pointer of the frame: constant while the function runs, so loaded once, where the function begins.
  llvm::Value* member(std::size_t offset, const char* name);
  /// index * capacity as i64; a constant in inference, read from the frame in training.
  llvm::Value* times_capacity(std::int64_t index);
  llvm::Value* offset(llvm::Type* element, llvm::Value* base, llvm::Value* index);

  llvm::IRBuilder<>& b_;
  llvm::Value* frame_;
  const NetworkLayout& layout_;
  std::map<std::size_t, llvm::Value*> members_;  // by offset
};

}  // namespace d2nn::codegen
