// Compiled networks in this process, for `d2nn run`, `eval` and `train`.
#pragma once

#include <memory>
#include <string>

#include "codegen/codegen.h"
#include "d2nn/d2nn.h"

namespace d2nn::codegen {

/// Owns the code of a module; what it returns lives as long as it does.
class Jit {
 public:
  /// Takes over a module compiled for this machine. The runtime's functions are those of this process. Throws
  /// InternalError.
  explicit Jit(CompiledModule module);
  ~Jit();
  Jit(Jit&&) noexcept;
  Jit& operator=(Jit&&) noexcept;

  /// The table behind PREFIX_NAME_module(). Throws InternalError when there is no such symbol.
  const d2nn_module* network(const std::string& symbol) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace d2nn::codegen
