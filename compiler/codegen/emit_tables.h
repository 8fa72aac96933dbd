// The tables of a compiled module: everything d2nn/module.h lists, as constants.
#pragma once

#include <span>
#include <string>

#include "codegen/constant_tables.h"
#include "codegen/emit_nodes.h"
#include "codegen/emit_train_expressions.h"
#include "paths/paths.h"
#include "paths/remaining_costs.h"

namespace d2nn::codegen {

/// Compiled functions and facts that the tables point to.
struct TableRequest {
  const graph::Program* program = nullptr;
  const paths::Analysis* analysis = nullptr;
  const paths::RemainingCosts* remaining_costs = nullptr;
  const NetworkLayout* inference = nullptr;
  const std::vector<KernelChoice>* kernels = nullptr;
  const NetworkLayout* training = nullptr;                          // or null
  const std::vector<TrainExpression>* train_expressions = nullptr;  // with training: one per step of its plan
  llvm::Function* forward_one = nullptr;
  llvm::Function* forward_tile = nullptr;
  llvm::Function* train_forward = nullptr;
  llvm::Function* train_backward = nullptr;
  std::string compiler_version;
  std::string target_cpu;
  std::string target_features;
  std::string manifest;
  std::span<const char> weights;  // safetensors bytes to embed, or empty
};

/// The d2nn_module constant.
llvm::Constant* emit_module_table(llvm::Module& module, const TableRequest& request);

}  // namespace d2nn::codegen
