// Gradients held against central finite differences of the naive evaluator.
#pragma once

#include <doctest/doctest.h>

#include "expr/gradient.h"
#include "random_expression.h"

namespace d2nn::expr::test {

/// Values evenly spread over a range, shuffled: none equals another, or 0 where the range is symmetric.
inline Elements spread(std::int64_t count, std::mt19937& random, double least, double greatest) {
  Elements values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(least + (static_cast<double>(i) + 0.37) / static_cast<double>(count) * (greatest - least));
  }
  std::shuffle(values.begin(), values.end(), random);
  return values;
}

/// The leaves that an expression reads.
inline Wanted leaves_read(const Expression& expression) {
  Wanted read{std::vector<bool>(expression.operand_count()), std::vector<bool>(expression.weight_count())};
  for (const TermInfo& info : expression.terms) {
    if (info.primitive == Primitive::operand) read.operands[info.index] = true;
    if (info.primitive == Primitive::weight) read.weights[info.index] = true;
  }
  return read;
}

/// That the gradient which reads the kept result is the same. leaves: up to the gradient of the result.
inline void check_reading_result(const Expression& backward, const Expression& forward, Leaves leaves,
                                 const std::vector<Elements>& gradients) {
  const Expression reading = reading_result(backward, forward);
  REQUIRE(verify(reading) == "");
  leaves.operands.push_back(evaluate(forward, leaves)[0]);
  const std::vector<Elements> found = evaluate(reading, leaves);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    for (std::size_t e = 0; e < gradients[i].size(); ++e) {
      const double expected = gradients[i][e];
      CHECK((std::isnan(expected) ? std::isnan(found[i][e])
                                  : std::abs(found[i][e] - expected) <= 1e-9 * (1 + std::abs(expected))));
    }
  }
}

/// The gradients of the leaves that are read, operands first; dy: the gradient of the result.
inline std::vector<Elements> evaluate_gradient(const Expression& forward, Leaves leaves, const Elements& dy) {
  const Expression backward = gradient(forward, leaves_read(forward));
  REQUIRE(verify(backward) == "");
  leaves.operands.resize(forward.operand_count());
  leaves.operands.push_back(dy);
  const std::vector<Elements> gradients = evaluate(backward, leaves);
  check_reading_result(backward, forward, leaves, gradients);
  return gradients;
}

/// Of the sum of the result's elements, each times some dy.
inline void check_gradient(const Expression& forward, const Leaves& leaves, double tolerance = 1e-6) {
  CAPTURE(to_string(forward));
  REQUIRE(verify(forward) == "");
  std::mt19937 random(1);
  const Elements dy = random_elements(forward[forward.results[0]].dims, random, -1, 1);
  const std::vector<Elements> gradients = evaluate_gradient(forward, leaves, dy);
  const auto total = [&](const Leaves& at) {
    const Elements y = evaluate(forward, at)[0];
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
    return sum;
  };
  constexpr double step = 1e-4;
  Leaves moved = leaves;
  std::vector<Elements*> read;
  const Wanted wanted = leaves_read(forward);
  for (std::size_t i = 0; i < wanted.operands.size(); ++i) {
    if (wanted.operands[i]) read.push_back(&moved.operands[i]);
  }
  for (std::size_t i = 0; i < wanted.weights.size(); ++i) {
    if (wanted.weights[i]) read.push_back(&moved.weights[i]);
  }
  REQUIRE(gradients.size() == read.size());
  for (std::size_t leaf = 0; leaf < read.size(); ++leaf) {
    Elements differences;
    for (double& x : *read[leaf]) {
      const double at = x;
      x = at + step;
      const double above = total(moved);
      x = at - step;
      differences.push_back((above - total(moved)) / (2 * step));
      x = at;
    }
    CAPTURE(leaf);
    CHECK(are_near(gradients[leaf], differences, tolerance));
  }
}

}  // namespace d2nn::expr::test
