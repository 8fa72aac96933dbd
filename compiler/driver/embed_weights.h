// Weights that go into an artefact: checked against the program before they are embedded.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "status/status.h"

namespace d2nn::driver {

/// The bytes of a safetensors file that holds exactly this program's parameters; else why not.
Result<std::vector<char>> weights_for(const graph::Program& program, const std::string& path);

}  // namespace d2nn::driver
