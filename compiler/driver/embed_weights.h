// Weights that go into an artefact: checked against the program before they are embedded.
#pragma once

#include <string>
#include <vector>

#include "d2nn/module.h"
#include "graph/graph.h"
#include "status/status.h"

namespace d2nn::driver {

/// A program's parameters in the form in which the runtime checks and writes weights: a module that has nothing else.
/// The program must outlive it.
class ParameterTable {
 public:
  explicit ParameterTable(const graph::Program& program);
  ParameterTable(const ParameterTable&) = delete;
  ParameterTable& operator=(const ParameterTable&) = delete;

  const d2nn_module& module() const { return module_; }

 private:
  std::vector<d2nn_parameter> parameters_;
  d2nn_module module_{};
};

/// The bytes of a safetensors file that holds exactly this program's parameters; else why not.
Result<std::vector<char>> weights_for(const graph::Program& program, const std::string& path);

}  // namespace d2nn::driver
