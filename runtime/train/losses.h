// The losses of one bag and their gradients with respect to scores (docs/training.md, "The losses"). A score block is
// [rows, columns], row r at scores + r * stride; gradients are ADDED at gradient + r * stride. Each function returns
// its loss times `scale`, and scales the gradient too. Sums are taken in double, in the order of the rows.
#pragma once

#include <cstdint>

namespace d2nn::train {

/// Scores of one bag and where their gradient goes.
struct BagScores {
  const float* scores = nullptr;  // [rows, stride]
  float* gradient = nullptr;      // [rows, stride], added to; nullptr: the loss alone
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;  // floats from row to row, at least `columns`
};

/// Cross-entropy of softmax(scores), mean over the rows whose `valid` byte is 1; 0 when there is none.
/// labels: [rows], 0 <= label < columns.
double cross_entropy(const BagScores& bag, const std::int32_t* labels, const std::uint8_t* valid, double scale);

/// (target - sum over rows of scores[r, chosen[r]])^2. chosen: [rows], negative: the row takes no part. 0 when no row
/// does. The loss of a control node (chosen: actions taken) and of an output under plain Q-learning (chosen: decisions
/// taken).
double regress_bag(const BagScores& bag, const std::int32_t* chosen, double target, double scale);

/// The counterfactual form: for each taking row r and column c, (targets[r, c] - (S - scores[r, chosen[r]] + scores[r,
/// c]))^2 where S is the sum above and targets[r, c] the reward of the bag had r chosen c, all else equal; mean over
/// the taking rows. A row's loss regresses its own scores only: the other rows' part of S is a constant in it. So the
/// gradient at [r, c] is -2 (targets[r, c] - S[r, c]), the expectation of regress_bag's over the choice of row r,
/// without its variance. targets: [rows, columns].
double regress_every_choice(const BagScores& bag, const std::int32_t* chosen, const double* targets, double scale);

/// The difference form: for each taking row r and column c, (targets[r, c] - mean over c' of targets[r, c'] - scores[r,
/// c])^2, summed over the columns, mean over the taking rows. What the other rows did is in every target of a row alike
/// and leaves with the mean, so that a score learns what its row's own choice changes. targets: [rows, columns].
double regress_differences(const BagScores& bag, const std::int32_t* chosen, const double* targets, double scale);

/// Index of the greatest score, ties to the first. columns > 0.
std::int32_t greatest_score(const float* scores, std::int64_t columns);

}  // namespace d2nn::train
