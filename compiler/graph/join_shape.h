// The shape of what edges are joined to; sema infers it, verify.h holds programs to it.
#pragma once

#include "graph/graph.h"

namespace d2nn::graph {

/// Of the join of edges that carry these shapes, one or more: of concat as of `concat(a, b)`; of any other join the one
/// shape that all have, for joins never broadcast. An error of ShapeFault::input, or ShapeFault::size where concat
/// makes too large a tensor.
ops::ShapeResult joined_shape(Join join, ops::Shapes carried);

}  // namespace d2nn::graph
