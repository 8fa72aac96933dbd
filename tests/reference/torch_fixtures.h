// What PyTorch computes for each layer, as numbers (torch_fixtures.cpp, made by make_torch_fixtures.py).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ops/layer.h"

namespace d2nn::reference {

/// One layer on a small batch: rows follow each other in operands, results and gradients.
struct Fixture {
  std::string name;
  const char* layer = "identity";
  ops::Arguments arguments;                                          // those that are not the default
  std::vector<std::pair<ops::Shape, std::vector<double>>> operands;  // shape of one row
  std::vector<std::vector<double>> weights;                          // in the layer's order
  std::vector<double> result;
  std::vector<double> result_gradient;  // d(loss)/d(result)
  std::vector<std::vector<double>> operand_gradients;
  std::vector<std::vector<double>> weight_gradients;  // zeros for running statistics
  std::vector<std::vector<double>> weights_after;     // training of batch_norm: running mean and variance
  std::size_t rows = 0;
  bool is_training = false;
};

std::vector<Fixture> torch_fixtures();

}  // namespace d2nn::reference
