// The door of the codegen room: a planned program in, native code out. LLVM stays behind it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codegen/target.h"
#include "graph/graph.h"
#include "passes/plan.h"
#include "paths/paths.h"
#include "paths/remaining_costs.h"

namespace d2nn::codegen {

/// One network to compile. What it points to is the caller's.
struct NetworkRequest {
  const graph::Program* program = nullptr;  // checked
  const paths::Analysis* analysis = nullptr;
  const paths::RemainingCosts* remaining_costs = nullptr;  // null: the module keeps no cost budgets
  const passes::Plan* inference = nullptr;
  const passes::Plan* training = nullptr;  // null: no train_forward and train_backward
  std::span<const char> weights;           // safetensors bytes to embed; must match the program
  std::string manifest;                    // JSON, for `info --json`
};

struct CodegenOptions {
  Target target;
  std::string prefix;  // of the exported symbols: PREFIX + NAME + "_module"
  std::string compiler_version;
  std::string app_network;  // an executable: the network its main runs; else empty
};

/// An LLVM module with all networks of a request, and what can be made of it. Movable; owns its LLVM context.
class CompiledModule {
 public:
  CompiledModule();
  CompiledModule(CompiledModule&&) noexcept;
  CompiledModule& operator=(CompiledModule&&) noexcept;
  ~CompiledModule();

  /// LLVM IR as text.
  std::string llvm_text() const;
  std::string assembly() const;
  std::vector<char> object() const;

 private:
  friend CompiledModule generate(std::span<const NetworkRequest>, const CodegenOptions&);
  friend class Jit;
  struct State;
  std::unique_ptr<State> state_;
};

/// Lowers and optimises at the target's level. Throws InternalError when LLVM's verifier finds a defect of ours.
CompiledModule generate(std::span<const NetworkRequest> networks, const CodegenOptions& options);

}  // namespace d2nn::codegen
