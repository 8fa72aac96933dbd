// The driver functions of a network: which nodes run, decided by real branches.
//
//   forward_one   one sample: straight code, a `switch` on the result of every control node, a skipped node is a block
//   not reached. forward_tile  rows of a tile: before each conditional node a loop collects the rows that execute it;
//   an empty list is a branch
//                 not taken. Training's forward is the same driver over the training nodes.
//   backward      the training nodes in reverse, over the same lists.
#pragma once

#include <functional>

#include "codegen/emit_nodes.h"

namespace d2nn::codegen {

/// The function to call for a node in a driver; nullptr for nodes that have nothing to run (dummies, and what is never
/// computed).
using NodeFunctions = std::vector<llvm::Function*>;  // by position in Plan::nodes

class DriverEmitter {
 public:
  DriverEmitter(llvm::Module& module, const NetworkLayout& layout) : module_(module), layout_(layout) {}

  /// i32 (frame)
  llvm::Function* emit_forward_one(const NodeFunctions& nodes);
  /// i32 (frame, rows)
  llvm::Function* emit_forward_rows(const NodeFunctions& nodes, const std::string& name);
  llvm::Function* emit_backward_rows(const NodeFunctions& nodes, const std::string& name);

 private:
  llvm::Module& module_;
  const NetworkLayout& layout_;
};

}  // namespace d2nn::codegen
