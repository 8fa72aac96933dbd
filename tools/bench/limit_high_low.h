// The peer of a compiled examples/high_low: what a person would write by hand who knows oneDNN and this network, with
// the decisions known beforehand. Exactly the executed nodes run, on exactly the rows that execute them; the weights
// are packed once, the memory is made once, relu is a post-op, the layouts are the fastest of those that were tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace d2nn::bench {

/// A weight and its bias as PyTorch lays them out.
struct LayerWeights {
  std::vector<float> weight;
  std::vector<float> bias;
};

struct HighLowWeights {
  LayerWeights n1_conv, q_conv, q_dense1, q_dense2, n2_conv, n2_dense1, n2_dense2, n3_dense1, n3_dense2;
};

/// How the convolutions and pools are laid out and called. Dense layers always take all rows of their node at once.
struct LimitPlan {
  enum class Layout { blocked8, blocked16, channels_last, any };
  Layout n1 = Layout::blocked8;
  Layout q = Layout::any;
  Layout n2 = Layout::blocked16;
  bool row_by_row = true;  ///< one row at a time through conv and pool; false: all rows of the node in one call
};
std::string describe(const LimitPlan& plan);

/// The network for one batch and one assignment of its rows to paths.
class LimitHighLow {
 public:
  /// takes_high: one byte per row. Throws dnnl::error where the library cannot do what the plan asks.
  LimitHighLow(const HighLowWeights& weights, std::span<const std::uint8_t> takes_high, const LimitPlan& plan);
  ~LimitHighLow();

  /// images: [batch, 3, 112, 112]; scores: out, [batch, 2].
  void run(const float* images, float* scores);
  /// Scores of Q of the last run, [batch, 2]: computed like every executed node's, read by nobody but the check.
  const float* decisions() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Tries every plan on `images` and returns the fastest.
LimitPlan fastest_plan(const HighLowWeights& weights, std::span<const std::uint8_t> takes_high, const float* images);

}  // namespace d2nn::bench
