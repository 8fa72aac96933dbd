// Decisions that are given beforehand, to measure a path whatever the samples say: every row takes the same actions.
#pragma once

#include <cstdint>

#include "exec/frame_state.h"

namespace d2nn::exec {

/// Decides for the rows of one frame. Scores are computed and must be finite, as ever; they choose nothing.
class ForcedPolicy final : public DecisionPolicy {
 public:
  /// Before every call of compiled code. actions: [controls], an action of each; the caller's, read during the call.
  void begin(const std::int32_t* actions) { actions_ = actions; }
  d2nn_status decide(d2nn_frame& frame, std::uint32_t control, const float*, std::int64_t, const std::int32_t* rows,
                     std::int64_t count) noexcept override {
    std::int32_t* chosen = frame.actions + control * frame.capacity;
    for (std::int64_t i = 0; i < count; ++i) chosen[rows[i]] = actions_[control];
    return D2NN_OK;
  }

 private:
  const std::int32_t* actions_ = nullptr;
};

}  // namespace d2nn::exec
