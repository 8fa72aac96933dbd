// Forward and backward of every layer as plain loops over the rows that execute it.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace d2nn::reference {

/// One tensor of one sample in C, H, W order, or one parameter.
template <class Scalar>
using Tensor = std::vector<Scalar>;

/// What an op's forward leaves for its backward.
template <class Scalar>
struct OpState {
  bool used_batch_statistics = false;     // batch_norm
  std::vector<double> mean, variance;     // batch_norm: what it normalised by, per channel
  std::vector<std::vector<double>> kept;  // dropout in training: [row][element] factor, 0 or 1 / (1 - p)
};

/// One op on the rows that execute its node. Rows here count from 0 to the number of those.
template <class Scalar>
struct OpForward {
  const graph::Op& op;
  std::vector<ops::Shape> operand_shapes;
  std::vector<const Tensor<Scalar>*> weights;                // as op.parameters
  std::vector<std::vector<const Tensor<Scalar>*>> operands;  // [row][operand]
  std::vector<Tensor<Scalar>*> results;                      // [row]; sized by the interpreter, filled here
  bool is_training = false;
  double momentum_scale = 1;                                            // batch_norm: rows / expected rows
  std::function<double(std::size_t row, std::size_t element)> uniform;  // dropout
  std::vector<Tensor<Scalar>*> weights_after;  // as op.parameters: where running statistics move
  OpState<Scalar>& state;
};

/// The same for backward: adds to the gradients of operands and weights.
template <class Scalar>
struct OpBackward {
  const graph::Op& op;
  std::vector<ops::Shape> operand_shapes;
  std::vector<const Tensor<Scalar>*> weights;
  std::vector<std::vector<const Tensor<Scalar>*>> operands;
  std::vector<const Tensor<Scalar>*> results;
  std::vector<const Tensor<Scalar>*> result_gradients;          // [row]
  std::vector<std::vector<Tensor<Scalar>*>> operand_gradients;  // [row][operand]
  std::vector<Tensor<Scalar>*> weight_gradients;                // as op.parameters
  const OpState<Scalar>& state;
};

/// Runs the loops of the op's layer; std::logic_error when it has none.
template <class Scalar>
void run_forward(OpForward<Scalar>& call);
template <class Scalar>
void run_backward(OpBackward<Scalar>& call);

}  // namespace d2nn::reference
