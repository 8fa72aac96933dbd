// Shapes along the edges of a network: what a node receives, and what must agree once all nodes are known.
#pragma once

#include "sema/draft.h"

namespace d2nn::sema {

/// Joins what the edges of each input of a node carry; the sources have been elaborated. Fills NodeInput::shape. False
/// where a source's shape is unknown, edges are missing or their shapes disagree (E0302, E0308): the node's inputs then
/// count as unknown, all of them.
bool join_inputs(Draft& draft, graph::NodeId id, diag::Sink& sink);

/// Needs joined inputs: the output is what its edges carry (E0302).
void check_output(const Draft& draft, graph::NodeId id, diag::Sink& sink);

/// Needs all nodes: default values fit their edges (E0306), and the cost of the whole network can be counted (E0308).
void check_defaults_and_cost(const Draft& draft, diag::Sink& sink);

}  // namespace d2nn::sema
