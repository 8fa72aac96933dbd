// The joins of data edges, forward and backward, for one sample (docs/language.md, rule 4; docs/training.md, "The
// losses").
#pragma once

#include <optional>
#include <vector>

#include "graph/graph.h"
#include "reference/op_loops.h"

namespace d2nn::reference {

/// What one edge carries; no value: null.
template <class Scalar>
struct Carried {
  std::optional<Tensor<Scalar>> value;
  bool is_fallback = false;  // the edge's default value: a constant, without gradient
};

/// The joined value, or nullopt when it is null. `edges` in order of declaration.
template <class Scalar>
std::optional<Tensor<Scalar>> join_forward(graph::Join join, const std::vector<Carried<Scalar>>& edges);

/// The gradient for each edge, empty for default values and for edges that get none; the join must not be null.
template <class Scalar>
std::vector<Tensor<Scalar>> join_backward(graph::Join join, const std::vector<Carried<Scalar>>& edges,
                                          const Tensor<Scalar>& gradient);

}  // namespace d2nn::reference
