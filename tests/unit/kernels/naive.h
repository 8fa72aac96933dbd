// Every op in naive loops over doubles: the judge of the kernels. Gradients follow by central differences.
#pragma once

#include <vector>

#include "unit/kernels/problem.h"

namespace d2nn::test {

using Values = std::vector<double>;

/// The values that a problem computes from. Rows are the executed ones only, in order.
struct NaiveInput {
  std::vector<std::vector<Values>> operands;  // [operands][rows][elements]
  std::vector<Values> parameters;             // [4], by role
};

/// The result of every row: [rows][elements]. Dropout is not here: its masks are tested apart.
std::vector<Values> naive_forward(const Problem& problem, const NaiveInput& input);

}  // namespace d2nn::test
