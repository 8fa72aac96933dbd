// When what happens: the four stages of a training, epsilon and the learning rate, each a pure function of the step
// (docs/training.md, "Stages and schedules").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "train/options.h"

namespace d2nn::train {

/// In the order in which they come; each may be left out.
enum class Stage : std::uint8_t {
  paths,    // actions uniformly random, losses of the outputs only
  choice,   // as `control`, before the paths are fitted to what is chosen
  joint,    // everything
  control,  // the losses of the control nodes only, regular nodes frozen
};
inline constexpr std::size_t stage_count = 4;
std::string_view spelling(Stage stage);
/// Whether a stage trains the control nodes, or the regular ones.
bool trains(Stage stage, bool is_control);

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

  std::int64_t total_steps() const { return total_steps_; }
  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  /// 0 <= step < total_steps().
  StepPlan at(std::int64_t step) const;
  /// Whether weights after `step` steps may be kept as the best: not before the control nodes have been trained.
  bool may_keep(std::int64_t steps) const {
    return steps > steps_of(Stage::paths) || steps_of(Stage::paths) == total_steps_;
  }
  /// Whether a collapse at this step may mean something: epsilon has fallen to its floor, or the run ends with the
  /// step.
  bool may_judge_actions(std::int64_t step) const;

 private:
  std::int64_t& steps_of(Stage stage) { return steps_[static_cast<std::size_t>(stage)]; }
  std::int64_t steps_of(Stage stage) const { return steps_[static_cast<std::size_t>(stage)]; }

  EpsilonSchedule epsilon_;
  RateSchedule rate_schedule_;
  double learning_rate_;
  std::int64_t steps_per_epoch_;
  std::int64_t total_steps_;
  std::array<std::int64_t, stage_count> steps_{};  // of each stage
  std::int64_t epsilon_steps_ = 0;
};

}  // namespace d2nn::train
