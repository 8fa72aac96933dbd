// One-line problem texts for kernels, after oneDNN's benchdnn: what a test prints when it fails, and what repeats it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "d2nn/module.h"

namespace d2nn::test {

/// "KIND in CxHxW [out CxHxW] [k HxW] [s HxW] [p HxW] [d HxW] [g N] [alpha X] [momentum X] [before N] [after N]
/// [op HxW] [axes SIZExLEFTxRIGHT,...] [keys N] [causal] [operands N] [rows 0,2,3/8] [nobias] [add] [input] [twice]
/// [eval] [relu]". add: the operand's gradient accumulates; input: the operand is a network input; twice: the first
/// operand is also the last.
struct Problem {
  std::string text;
  d2nn_op op{};
  int operands = 1;
  std::vector<std::int32_t> rows;
  std::int64_t capacity = 1;
  bool has_bias = true;
  bool adds = false;
  bool reads_input = false;
  bool is_twice = false;
  bool is_training = true;
  std::vector<float> mean, deviation;               // normalize
  std::int64_t output_pad_h = 0, output_pad_w = 0;  // conv_transpose
  std::vector<std::int64_t> axes;                   // matmul
  std::int64_t keys = 1;                            // attention
};

/// Throws std::invalid_argument with the word it did not understand.
Problem parse_problem(const std::string& text);

/// Elements of operand i and of the result, one row; of parameter `role` (0: the op has none).
std::int64_t operand_elements(const Problem& problem, int i);
std::int64_t result_elements(const Problem& problem);
std::int64_t parameter_elements(const Problem& problem, int role);

}  // namespace d2nn::test
