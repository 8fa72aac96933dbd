// When what happens: the three stages of a training, epsilon and the learning rate, each a pure function of the step
// (docs/training.md, "Stages and schedules").
#pragma once

#include <cstdint>
#include <string_view>

#include "train/options.h"

namespace d2nn::train {

enum class Stage : std::uint8_t {
  paths,    // actions uniformly random, losses of the outputs only
  joint,    // everything; epsilon starts to fall
  control,  // the losses of the control nodes only, regular nodes frozen
};
std::string_view spelling(Stage stage);

/// What one step runs with.
struct StepPlan {
  Stage stage = Stage::joint;
  double epsilon = 0;
  double learning_rate = 0;
};

/// The plan of a whole run. A network without control nodes has the stage `joint` alone.
class Schedule {
 public:
  Schedule(const TrainOptions& options, std::int64_t steps_per_epoch, bool has_control);

  std::int64_t total_steps() const { return paths_end_ + joint_steps_ + control_steps_; }
  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  /// 0 <= step < total_steps().
  StepPlan at(std::int64_t step) const;
  /// Whether weights after `step` steps may be kept as the best: not before the control nodes have been trained.
  bool may_keep(std::int64_t steps) const { return steps > paths_end_ || joint_steps_ + control_steps_ == 0; }
  /// Whether a control node has explored long enough by this step for a collapse to mean something: epsilon is half-way
  /// down.
  bool may_judge_actions(std::int64_t step) const;

 private:
  EpsilonSchedule epsilon_;
  RateSchedule rate_schedule_;
  double learning_rate_;
  std::int64_t steps_per_epoch_;
  std::int64_t paths_end_ = 0;  // steps of the stage `paths`
  std::int64_t joint_steps_ = 0;
  std::int64_t control_steps_ = 0;
  std::int64_t epsilon_steps_ = 0;
};

}  // namespace d2nn::train
