// Losses of a bag: see losses.h.
#include "train/losses.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace d2nn::train {
namespace {

/// Number of taking rows and the sum of their chosen scores.
struct ChosenSum {
  std::int64_t rows = 0;
  double sum = 0;
};

ChosenSum sum_chosen(const BagScores& bag, const std::int32_t* chosen) {
  ChosenSum result;
  for (std::int64_t r = 0; r < bag.rows; ++r) {
    if (chosen[r] < 0) continue;
    ++result.rows;
    result.sum += static_cast<double>(bag.scores[r * bag.stride + chosen[r]]);
  }
  return result;
}

}  // namespace

double cross_entropy(const BagScores& bag, const std::int32_t* labels, const std::uint8_t* valid, double scale) {
  const auto valid_rows = std::count(valid, valid + bag.rows, std::uint8_t{1});
  if (valid_rows == 0) return 0;
  const double row_scale = scale / static_cast<double>(valid_rows);
  double loss = 0;
  for (std::int64_t r = 0; r < bag.rows; ++r) {
    if (valid[r] == 0) continue;
    const float* scores = bag.scores + r * bag.stride;
    const double greatest = static_cast<double>(*std::max_element(scores, scores + bag.columns));
    double sum = 0;
    for (std::int64_t c = 0; c < bag.columns; ++c) sum += std::exp(static_cast<double>(scores[c]) - greatest);
    loss += row_scale * (std::log(sum) + greatest - static_cast<double>(scores[labels[r]]));
    if (bag.gradient == nullptr) continue;
    float* gradient = bag.gradient + r * bag.stride;
    for (std::int64_t c = 0; c < bag.columns; ++c) {
      const double share = std::exp(static_cast<double>(scores[c]) - greatest) / sum;
      gradient[c] += static_cast<float>(row_scale * (share - (c == labels[r] ? 1.0 : 0.0)));
    }
  }
  return loss;
}

double regress_bag(const BagScores& bag, const std::int32_t* chosen, double target, double scale) {
  const ChosenSum taken = sum_chosen(bag, chosen);
  if (taken.rows == 0) return 0;
  const double difference = target - taken.sum;
  if (bag.gradient != nullptr) {
    const auto gradient = static_cast<float>(-2 * scale * difference);
    for (std::int64_t r = 0; r < bag.rows; ++r) {
      if (chosen[r] >= 0) bag.gradient[r * bag.stride + chosen[r]] += gradient;
    }
  }
  return scale * difference * difference;
}

double regress_every_choice(const BagScores& bag, const std::int32_t* chosen, const double* targets, double scale) {
  const ChosenSum taken = sum_chosen(bag, chosen);
  if (taken.rows == 0) return 0;
  double loss = 0;
  for (std::int64_t r = 0; r < bag.rows; ++r) {
    if (chosen[r] < 0) continue;
    const float* scores = bag.scores + r * bag.stride;
    const double others = taken.sum - static_cast<double>(scores[chosen[r]]);
    for (std::int64_t c = 0; c < bag.columns; ++c) {
      const double difference = targets[r * bag.columns + c] - (others + static_cast<double>(scores[c]));
      loss += difference * difference;
      if (bag.gradient != nullptr) bag.gradient[r * bag.stride + c] += static_cast<float>(-2 * scale * difference);
    }
  }
  return scale * loss / static_cast<double>(taken.rows);
}

double regress_differences(const BagScores& bag, const std::int32_t* chosen, const double* targets, double scale) {
  const auto taking = std::count_if(chosen, chosen + bag.rows, [](std::int32_t action) { return action >= 0; });
  if (taking == 0) return 0;
  const double row_scale = scale / static_cast<double>(taking);
  double loss = 0;
  for (std::int64_t r = 0; r < bag.rows; ++r) {
    if (chosen[r] < 0) continue;
    const double* row_targets = targets + r * bag.columns;
    const double mean = std::accumulate(row_targets, row_targets + bag.columns, 0.0) / static_cast<double>(bag.columns);
    for (std::int64_t c = 0; c < bag.columns; ++c) {
      const double difference = row_targets[c] - mean - static_cast<double>(bag.scores[r * bag.stride + c]);
      loss += row_scale * difference * difference;
      if (bag.gradient != nullptr) bag.gradient[r * bag.stride + c] += static_cast<float>(-2 * row_scale * difference);
    }
  }
  return loss;
}

std::int32_t greatest_score(const float* scores, std::int64_t columns) {
  return static_cast<std::int32_t>(std::max_element(scores, scores + columns) - scores);
}

}  // namespace d2nn::train
