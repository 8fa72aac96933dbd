// The header that goes with a compiled module: its accessor, its actions by name, and a typed run function per network.
#pragma once

#include <span>
#include <string>

#include "graph/graph.h"
#include "paths/paths.h"

namespace d2nn::driver {

struct HeaderNetwork {
  const graph::Program* program = nullptr;
  const paths::Analysis* analysis = nullptr;
};

/// The text of STEM.h, C11 and C++. Names that C has already are changed as c_names.h says.
std::string c_header(const std::string& stem, std::span<const HeaderNetwork> networks, const std::string& prefix);

}  // namespace d2nn::driver
