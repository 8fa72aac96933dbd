// The networks that the tests of the drawings draw.
#pragma once

#include <string>

#include "graph/graph.h"
#include "paths/paths.h"

namespace d2nn::draw {

/// A network and what is known of its paths.
struct Drawn {
  graph::Program program;
  paths::Analysis analysis;
};

/// The one network of a text, which must be right.
Drawn drawn(const std::string& text);

/// One control node, a default value, a dummy, an action that runs nothing, a join; "small".
Drawn small_network();
/// A chain of that many blocks, each of which can be skipped: nodes stem, Q0 B0 J0, ..., head.
Drawn chain(int blocks);

}  // namespace d2nn::draw
