#include "fork_network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "fake_module.h"

namespace d2nn::tests {
namespace {

std::vector<double> dense(const float* weight, const float* bias, std::size_t units, const std::vector<double>& in) {
  std::vector<double> out;
  for (std::size_t u = 0; u < units; ++u) {
    double sum = bias == nullptr ? 0 : bias[u];
    for (std::size_t i = 0; i < in.size(); ++i) sum += static_cast<double>(weight[u * in.size() + i]) * in[i];
    out.push_back(sum);
  }
  return out;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

bool near(const float* found, const Pair& expected) {
  return std::abs(found[0] - expected[0]) < 1e-5 && std::abs(found[1] - expected[1]) < 1e-5;
}

}  // namespace

ForkAnswer fork_answer(const float* x, const float* y) {
  const float* w = fork_weights;
  std::vector<double> n1 = dense(w, w + 12, 3, {x, x + 4});
  for (double& value : n1) value = std::max(value, 0.0);
  const std::vector<double> y2(y, y + 2);
  const std::vector<double> q = dense(w + 15, w + 21, 2, n1);
  const std::vector<double> r = dense(w + 35, w + 39, 2, y2);
  ForkAnswer answer;
  answer.takes_high = q[0] >= q[1];
  answer.says_more = r[0] >= r[1];
  const std::vector<double> branch = answer.takes_high ? dense(w + 23, w + 29, 2, n1) : dense(w + 31, nullptr, 2, y2);
  answer.scores = {branch[0], branch[1]};
  answer.filled = {0.5 + y2[0], 0.5 + y2[1]};
  if (answer.says_more) {
    n1.push_back(1);
    const std::vector<double> n4 = dense(w + 41, w + 49, 2, n1);
    answer.extra = Pair{n4[0], n4[1]};
    answer.filled = {n4[0] + y2[0], n4[1] + y2[1]};
  }
  answer.cost = 12 + 6 + 4 + (answer.takes_high ? 6 : 4) + (answer.says_more ? 8 : 0);
  return answer;
}

ForkBatch::ForkBatch(std::size_t batch, std::uint32_t seed)
    : size(batch),
      x(batch * 4),
      y(batch * 2),
      scores(batch * 2, sentinel),
      extra(batch * 2, sentinel),
      filled(batch * 2, sentinel),
      actions(batch * 2, -77),
      executed(batch * 6, byte_sentinel),
      cost(batch, -77) {
  for (std::vector<std::uint8_t>& bytes : valid) bytes.assign(batch, byte_sentinel);
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  for (float& value : x) value = values(random);
  for (float& value : y) value = values(random);
}

bool ForkBatch::is_untouched() const {
  const auto all = [](const auto& values, auto value) {
    return std::all_of(values.begin(), values.end(), [&](auto v) { return v == value; });
  };
  return all(scores, sentinel) && all(extra, sentinel) && all(filled, sentinel) && all(valid[0], byte_sentinel) &&
         all(valid[1], byte_sentinel) && all(valid[2], byte_sentinel) && all(actions, -77) &&
         all(executed, byte_sentinel) && all(cost, -77);
}

bool ForkBatch::same_results(const ForkBatch& other) const {
  return same_bits(scores, other.scores) && same_bits(extra, other.extra) && same_bits(filled, other.filled) &&
         valid == other.valid && actions == other.actions && executed == other.executed && cost == other.cost;
}

std::size_t ForkBatch::wrong_samples() const {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const ForkAnswer answer = fork_answer(&x[i * 4], &y[i * 2]);
    const float* e = &extra[i * 2];
    const bool extra_is_right =
        answer.extra.has_value() ? near(e, *answer.extra) : std::isnan(e[0]) && std::isnan(e[1]);
    const std::array<std::uint8_t, 6> ran{1, 1, answer.takes_high, !answer.takes_high, 1, answer.says_more};
    const bool right = near(&scores[i * 2], answer.scores) && extra_is_right && near(&filled[i * 2], answer.filled) &&
                       valid[0][i] == 1 && valid[1][i] == answer.extra.has_value() && valid[2][i] == 1 &&
                       actions[i * 2] == (answer.takes_high ? 0 : 1) &&
                       actions[i * 2 + 1] == (answer.says_more ? 0 : 1) &&
                       std::equal(ran.begin(), ran.end(), &executed[i * 6]) && cost[i] == answer.cost;
    wrong += right ? 0 : 1;
  }
  return wrong;
}

}  // namespace d2nn::tests
