// What the fake module must compute, in naive double arithmetic, and batches to feed it with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace d2nn::tests {

using Pair = std::array<double, 2>;

/// What language.md gives one sample of network fork.
struct ForkAnswer {
  bool takes_high = false;
  bool says_more = false;
  Pair scores{};
  std::optional<Pair> extra;
  Pair filled{};
  std::int64_t cost = 0;
};
ForkAnswer fork_answer(const float* x, const float* y);

/// Inputs and outputs of `batch` samples; inputs are random in [-1, 1), from the seed; outputs hold a sentinel.
struct ForkBatch {
  static constexpr float sentinel = -12345.0f;
  static constexpr std::uint8_t byte_sentinel = 0xa5;
  ForkBatch(std::size_t batch, std::uint32_t seed);

  /// Pointers into the vectors, as a run takes them.
  std::array<const float*, 2> inputs() const { return {x.data(), y.data()}; }
  std::array<float*, 3> outputs() { return {scores.data(), extra.data(), filled.data()}; }
  std::array<std::uint8_t*, 3> validity() { return {valid[0].data(), valid[1].data(), valid[2].data()}; }
  /// True when every output, validity and trace byte still holds its sentinel.
  bool is_untouched() const;
  /// Bit for bit.
  bool same_results(const ForkBatch& other) const;
  /// Number of samples whose outputs, validity, actions, executed nodes or cost are not those of fork_answer (1e-5).
  std::size_t wrong_samples() const;

  std::size_t size;
  std::vector<float> x, y, scores, extra, filled;
  std::array<std::vector<std::uint8_t>, 3> valid;
  std::vector<std::int32_t> actions;
  std::vector<std::uint8_t> executed;
  std::vector<std::int64_t> cost;
};

}  // namespace d2nn::tests
