// What a program says about its training (`train { ... }` of docs/language.md): losses, metric, reward and settings, as
// plain data. Nothing that runs a sample reads it; codegen writes it into the module, where the harness finds it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/ids.h"

namespace d2nn::graph {

enum class LossKind : std::uint8_t { cross_entropy, q_learning_counterfactual, q_learning_plain };
/// As the command line spells it: "cross_entropy", "q_learning(counterfactual)", "q_learning(plain)".
std::string_view spelling(LossKind kind);

/// The loss of one output.
struct OutputLoss {
  NodeId output;
  LossKind kind = LossKind::cross_entropy;
  double weight = 1;  // finite, at least 0
};

enum class MetricKind : std::uint8_t { accuracy, f1 };
struct Metric {
  MetricKind kind = MetricKind::accuracy;
  std::int32_t positive = 1;  // f1: the class it is about
};
/// As the command line spells it: "accuracy", "f1:1".
std::string spelling(const Metric& metric);

/// What one step of a reward does: pushes a number of the bag, or replaces the one or two on top by its result. In the
/// order of module.h.
enum class RewardCode : std::uint8_t {
  number,
  metric,  // the metric of the training
  accuracy,
  f1,
  efficiency,
  cost,  // mean multiplications of the bag
  lambda,
  efficiency_weight,
  negate,
  add,
  subtract,
  multiply,
  divide,
  minimum,
  maximum
};
/// "metric", "+", "min".
std::string_view spelling(RewardCode code);
/// How many numbers it takes from the stack: 0, 1 or 2.
std::size_t operand_count(RewardCode code);

/// One step of a reward in postfix order.
struct RewardStep {
  RewardCode code = RewardCode::number;
  NodeId output;      // metric, accuracy, f1: of this output; not valid: the mean over all outputs
  double number = 0;  // of `number`, finite
};

/// Numbers that wait at most while a reward is computed: what the harness has room for.
inline constexpr std::size_t max_reward_depth = 64;

struct TrainSpec {
  std::vector<OutputLoss> losses;  // at most one per output, in order of the text
  std::optional<Metric> metric;
  std::vector<RewardStep> reward;  // empty: the harness's own
  /// Options of `d2nn train` by their names in the language ("lr_schedule"), with values as the command line spells
  /// them, in order of the text.
  std::vector<std::pair<std::string, std::string>> settings;
};

/// The result of an operator: what the compiler folds and what the harness computes are the same. A NaN on either side
/// of min and max is the result.
double apply(RewardCode code, double left, double right);

}  // namespace d2nn::graph
