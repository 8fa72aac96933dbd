// Every kernel as plain loops in double, and the packing of weights as d2nn/module.h words it: what emitted kernels are
// compared with.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "codegen/kernels/kernels.h"

namespace d2nn::testing {

/// A result and, for each element, the sum of the magnitudes that it was made of: the scale of its rounding error.
struct Expected {
  std::vector<double> values;
  std::vector<double> scale;
};

/// Weights of a problem in PyTorch's shapes; empty where the kind has none.
struct Weights {
  std::vector<float> weight;  // conv [out, in/groups, kh, kw], dense [units, in], batch_norm and normalize: scale [C]
  std::vector<float> bias;    // [out], scale kinds: shift [C]
};

std::vector<float> random_floats(std::size_t count, std::mt19937& random);
Weights random_weights(const codegen::KernelProblem& problem, std::mt19937& random);
std::vector<float> pack(const codegen::PackChoice& choice, const Weights& weights);

/// One row. `further`: the operands of pointwise stages.
Expected run_naive(const codegen::KernelProblem& problem, const Weights& weights, const std::vector<float>& src,
                   const std::vector<std::vector<float>>& further = {});

/// Random operands for the pointwise stages of `rows` rows.
std::vector<std::vector<float>> random_further(const codegen::KernelProblem& problem, std::size_t rows,
                                               std::mt19937& random);

std::size_t source_floats(const codegen::KernelProblem& problem);
std::size_t result_floats(const codegen::KernelProblem& problem);

/// "conv 3x3 s2x2 p1x1 d1x1 g1 [3,112,112] -> [8,56,56]": for messages.
std::string describe(const codegen::KernelProblem& problem);

}  // namespace d2nn::testing
