// Acting in training: epsilon-greedy (docs/training.md, "Acting"). Compiled code asks through d2nn_rt_decide.
#pragma once

#include <cstdint>

#include "exec/frame_state.h"

namespace d2nn::train {

/// A random action with probability epsilon, else the best score (ties: the action declared first). A row's draw is a
/// function of (seed, step, sample, control node), so it does not depend on what other rows or nodes do. epsilon 0 is
/// greedy.
class ExplorationPolicy final : public exec::DecisionPolicy {
 public:
  explicit ExplorationPolicy(std::uint64_t seed) : seed_(seed) {}

  /// Before each mini-batch. samples: [rows], must outlive the step.
  void begin_step(std::uint64_t step, double epsilon, const std::uint64_t* samples);
  /// Every row that reaches `control` takes `action`, until release(). The other control nodes act as they would.
  void force(std::uint32_t control, std::int32_t action);
  void release() { forced_control_ = D2NN_NO_INDEX; }

  d2nn_status decide(d2nn_frame& frame, std::uint32_t control, const float* scores, std::int64_t stride,
                     const std::int32_t* rows, std::int64_t count) noexcept override;

 private:
  std::uint64_t seed_;
  std::uint64_t step_ = 0;
  double epsilon_ = 0;
  const std::uint64_t* samples_ = nullptr;
  std::uint32_t forced_control_ = D2NN_NO_INDEX;
  std::int32_t forced_action_ = 0;
};

}  // namespace d2nn::train
