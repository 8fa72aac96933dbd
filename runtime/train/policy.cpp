// Epsilon-greedy acting: see policy.h.
#include "train/policy.h"

#include "train/losses.h"
#include "train/random.h"

namespace d2nn::train {

void ExplorationPolicy::begin_step(std::uint64_t step, double epsilon, const std::uint64_t* samples) {
  step_ = step;
  epsilon_ = epsilon;
  samples_ = samples;
}

void ExplorationPolicy::force(std::uint32_t control, std::int32_t action) {
  forced_control_ = control;
  forced_action_ = action;
}

d2nn_status ExplorationPolicy::decide(d2nn_frame& frame, std::uint32_t control, const float* scores,
                                      std::int64_t stride, const std::int32_t* rows, std::int64_t count) noexcept {
  const std::uint32_t actions = frame.state->module->controls[control].action_count;
  std::int32_t* chosen = frame.actions + control * frame.capacity;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t row = rows[i];
    if (control == forced_control_) {
      chosen[row] = forced_action_;
      continue;
    }
    if (epsilon_ > 0) {
      const Draw draw(seed_, Purpose::action, control, step_, samples_[row]);
      if (draw.uniform() < epsilon_) {
        chosen[row] = static_cast<std::int32_t>(draw.below(actions));
        continue;
      }
    }
    chosen[row] = greatest_score(scores + row * stride, actions);
  }
  return D2NN_OK;
}

}  // namespace d2nn::train
