// A network as a drawing in the manner of the paper: inputs and outputs are circles, regular nodes rectangles, control
// nodes diamonds; data edges solid, control edges dashed with the action's name; an edge with a default value begins
// with a dot.
#pragma once

#include <string>

#include "graph/graph.h"

namespace d2nn::draw {

/// The drawing in Graphviz' language. Nodes carry shape and cost; the deeper the colour, the larger the share of the
/// cost.
std::string dot_text(const graph::Program& program);

}  // namespace d2nn::draw
