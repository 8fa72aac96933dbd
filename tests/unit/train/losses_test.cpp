// Losses against hand values, their gradients against finite differences.
#include "train/losses.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <vector>

using namespace d2nn::train;

namespace {

/// Checks the analytic gradient of `loss(bag)` against central differences in every score.
void check_gradient(std::vector<float> scores, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                    const std::function<double(const BagScores&)>& loss) {
  std::vector<float> gradient(scores.size(), 0.0F);
  loss({scores.data(), gradient.data(), rows, columns, stride});
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const float kept = scores[i];
    constexpr float h = 1e-3F;
    scores[i] = kept + h;
    const double above = loss({scores.data(), nullptr, rows, columns, stride});
    scores[i] = kept - h;
    const double below = loss({scores.data(), nullptr, rows, columns, stride});
    scores[i] = kept;
    INFO("score ", i);
    CHECK(static_cast<double>(gradient[i]) == doctest::Approx((above - below) / (2e-3)).epsilon(1e-3).scale(1.0));
  }
}

const std::vector<float> five_rows = {0.3F, -1.2F, 0.8F, 0.1F,  0.1F, 0.1F, -0.5F, 2.0F,
                                      0.4F, 1.0F,  1.5F, -2.0F, 0.7F, 0.2F, -0.9F};

}  // namespace

TEST_CASE("cross-entropy is the mean over rows that have an output") {
  const std::vector<float> scores = {0, 0, 5, -5, 0, 0};
  const std::vector<std::int32_t> labels = {1, 0, 0};
  const std::vector<std::uint8_t> valid = {1, 0, 1};
  CHECK(cross_entropy({scores.data(), nullptr, 3, 2, 2}, labels.data(), valid.data(), 2.0) ==
        doctest::Approx(2 * std::log(2.0)));
  const std::vector<std::uint8_t> none = {0, 0, 0};
  CHECK(cross_entropy({scores.data(), nullptr, 3, 2, 2}, labels.data(), none.data(), 2.0) == 0.0);
}

TEST_CASE("cross-entropy of huge scores is finite") {
  const std::vector<float> scores = {1e4F, -1e4F};
  const std::int32_t label = 1;
  const std::uint8_t valid = 1;
  CHECK(cross_entropy({scores.data(), nullptr, 1, 2, 2}, &label, &valid, 1.0) == doctest::Approx(2e4));
}

TEST_CASE("the gradient of cross-entropy agrees with finite differences and skips null rows") {
  const std::vector<std::int32_t> labels = {2, 0, 1, 1, 0};
  const std::vector<std::uint8_t> valid = {1, 1, 0, 1, 1};
  check_gradient(five_rows, 5, 3, 3,
                 [&](const BagScores& bag) { return cross_entropy(bag, labels.data(), valid.data(), 0.7); });
}

TEST_CASE("the loss of a bag regresses the sum of the chosen scores") {
  const std::vector<float> scores = {0.1F, 0.9F, 0.2F, 0.8F, 0.3F, 0.7F};
  const std::vector<std::int32_t> chosen = {0, -1, 1};
  CHECK(regress_bag({scores.data(), nullptr, 3, 2, 2}, chosen.data(), 1.0, 3.0) == doctest::Approx(3 * 0.2 * 0.2));
  const std::vector<std::int32_t> none = {-1, -1, -1};
  CHECK(regress_bag({scores.data(), nullptr, 3, 2, 2}, none.data(), 1.0, 3.0) == 0.0);
}

TEST_CASE("the gradient of a bag's loss agrees with finite differences, also with a stride") {
  const std::vector<std::int32_t> chosen = {1, 0, -1, 1, 0};
  check_gradient(five_rows, 5, 2, 3, [&](const BagScores& bag) { return regress_bag(bag, chosen.data(), 0.6, 0.5); });
}

TEST_CASE("a bag of one sample gives plain Q-learning") {
  const std::vector<float> scores = {0.25F, 0.5F};
  const std::int32_t chosen = 1;
  std::vector<float> gradient(2);
  CHECK(regress_bag({scores.data(), gradient.data(), 1, 2, 2}, &chosen, 1.0, 1.0) == doctest::Approx(0.25));
  CHECK(gradient == std::vector<float>{0, -1});
}

TEST_CASE("the gradient of the counterfactual loss is each row's own, the others held constant") {
  const std::vector<std::int32_t> chosen = {1, 0, 2, -1, 0};
  std::vector<double> targets(15);
  for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = 0.1 * static_cast<double>(i) - 0.3;
  std::vector<float> gradient(15);
  regress_every_choice({five_rows.data(), gradient.data(), 5, 3, 3}, chosen.data(), targets.data(), 0.5);
  double sum = 0;
  for (std::size_t r = 0; r < 5; ++r) {
    if (chosen[r] >= 0) sum += static_cast<double>(five_rows[r * 3 + static_cast<std::size_t>(chosen[r])]);
  }
  for (std::size_t r = 0; r < 5; ++r) {
    for (std::size_t c = 0; c < 3; ++c) {
      const double own =
          chosen[r] < 0 ? 0 : static_cast<double>(five_rows[r * 3 + static_cast<std::size_t>(chosen[r])]);
      const auto row_loss = [&](double score) { return 0.5 * std::pow(targets[r * 3 + c] - (sum - own + score), 2); };
      const double score = static_cast<double>(five_rows[r * 3 + c]);
      const double expected = chosen[r] < 0 ? 0 : (row_loss(score + 1e-4) - row_loss(score - 1e-4)) / 2e-4;
      CHECK(static_cast<double>(gradient[r * 3 + c]) == doctest::Approx(expected).epsilon(1e-4).scale(1.0));
    }
  }
}

TEST_CASE("the gradient of the difference loss agrees with finite differences, also with a stride") {
  const std::vector<std::int32_t> chosen = {1, 0, -1, 1, 0};
  const std::vector<double> targets = {0.5, 0.2, -0.3, 0.9, 1.0, 1.0, 0.0, 0.4, 0.7, -0.6};
  check_gradient(five_rows, 5, 2, 3,
                 [&](const BagScores& bag) { return regress_differences(bag, chosen.data(), targets.data(), 0.5); });
}

TEST_CASE("the difference loss does not see what is the same for all choices of a row") {
  const std::vector<float> scores = {0.5F, -0.5F, -0.1F, 0.1F};
  const std::vector<std::int32_t> chosen = {0, 1};
  const std::vector<double> explained = {8.0, 7.0, 2.9, 3.1};
  CHECK(regress_differences({scores.data(), nullptr, 2, 2, 2}, chosen.data(), explained.data(), 1.0) ==
        doctest::Approx(0.0));
  const std::vector<double> other = {8.0, 7.0, 2.9, 3.5};
  CHECK(regress_differences({scores.data(), nullptr, 2, 2, 2}, chosen.data(), other.data(), 1.0) ==
        doctest::Approx(0.5 * (0.2 * 0.2 + 0.2 * 0.2)));
  const std::vector<std::int32_t> none = {-1, -1};
  CHECK(regress_differences({scores.data(), nullptr, 2, 2, 2}, none.data(), other.data(), 1.0) == 0.0);
}

TEST_CASE("counterfactual and plain losses have the same fixed point") {
  // Rewards that are additive over rows: there the scores that explain every choice exist, and both gradients vanish.
  const std::vector<float> scores = {0.1F, 0.4F, 0.3F, 0.05F};
  const std::vector<std::int32_t> chosen = {0, 1};
  std::vector<double> targets(4);
  const double other[2] = {static_cast<double>(scores[3]), static_cast<double>(scores[0])};
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t c = 0; c < 2; ++c) targets[r * 2 + c] = other[r] + static_cast<double>(scores[r * 2 + c]);
  }
  std::vector<float> every(4), plain(4);
  CHECK(regress_every_choice({scores.data(), every.data(), 2, 2, 2}, chosen.data(), targets.data(), 1.0) ==
        doctest::Approx(0));
  CHECK(regress_bag({scores.data(), plain.data(), 2, 2, 2}, chosen.data(), targets[0], 1.0) == doctest::Approx(0));
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(std::abs(every[i]) < 1e-6F);
    CHECK(std::abs(plain[i]) < 1e-6F);
  }
}

TEST_CASE("ties go to the first of the greatest scores") {
  const std::vector<float> scores = {1, 3, 3, 2};
  CHECK(greatest_score(scores.data(), 4) == 1);
}
