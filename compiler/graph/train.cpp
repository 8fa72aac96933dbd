// Spellings and arithmetic of a training; the text of a reward is in print.cpp.
#include "graph/train.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace d2nn::graph {

std::string_view spelling(LossKind kind) {
  constexpr std::array<std::string_view, 3> names{"cross_entropy", "q_learning(counterfactual)", "q_learning(plain)"};
  return names[static_cast<std::size_t>(kind)];
}

std::string spelling(const Metric& metric) {
  return metric.kind == MetricKind::accuracy ? "accuracy" : "f1:" + std::to_string(metric.positive);
}

std::string_view spelling(RewardCode code) {
  constexpr std::array<std::string_view, 15> names{
      "number", "metric", "accuracy", "f1", "efficiency", "cost", "lambda", "efficiency_weight",
      "-",      "+",      "-",        "*",  "/",          "min",  "max"};
  return names[static_cast<std::size_t>(code)];
}

std::size_t operand_count(RewardCode code) {
  if (code < RewardCode::negate) return 0;
  return code == RewardCode::negate ? 1 : 2;
}

double apply(RewardCode code, double left, double right) {
  switch (code) {
    case RewardCode::add:
      return left + right;
    case RewardCode::subtract:
      return left - right;
    case RewardCode::multiply:
      return left * right;
    case RewardCode::divide:
      return left / right;
    case RewardCode::minimum:
      return std::isnan(left) || right >= left ? left : right;
    case RewardCode::maximum:
      return std::isnan(left) || right <= left ? left : right;
    default:
      return -left;
  }
}

}  // namespace d2nn::graph
