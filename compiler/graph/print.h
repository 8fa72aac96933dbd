// A Program as text for people and for golden tests (`--emit graph`); nothing reads it back.
#pragma once

#include <string>

#include "graph/graph.h"

namespace d2nn::graph {

/// One block of lines per node in order of declaration: kind, name, inputs with joins and sources, ops with shapes,
/// weights and cost, actions. The same program gives the same text.
std::string print(const Program& program);

}  // namespace d2nn::graph
