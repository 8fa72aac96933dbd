// Stages, epsilon and learning rate: see schedule.h.
#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace d2nn::train {
namespace {

/// Where the cosine of a stage ends, as a share of the learning rate.
constexpr double last_rate_share = 0.05;
/// Share of the steps of `choice`, or where there is none of those after `paths`, over which epsilon falls when no
/// number of steps is given.
constexpr double epsilon_share = 0.6;

}  // namespace

std::string_view spelling(Stage stage) {
  switch (stage) {
    case Stage::paths:
      return "paths";
    case Stage::choice:
      return "choice";
    case Stage::joint:
      return "joint";
    case Stage::control:
      return "control";
  }
  return "";
}

bool trains(Stage stage, bool is_control) {
  switch (stage) {
    case Stage::paths:
      return !is_control;
    case Stage::joint:
      return true;
    case Stage::choice:
    case Stage::control:
      return is_control;
  }
  return true;
}

Schedule::Schedule(const TrainOptions& options, std::int64_t steps_per_epoch, bool has_control)
    : epsilon_(options.epsilon),
      rate_schedule_(options.rate_schedule),
      learning_rate_(options.effective_learning_rate()),
      steps_per_epoch_(steps_per_epoch),
      total_steps_(options.epochs * steps_per_epoch) {
  if (!has_control) {
    steps_of(Stage::joint) = total_steps_;
    return;
  }
  const StageShares& shares = options.stages;
  const double after_paths = shares.choice + shares.joint + shares.control;
  const double paths = options.pretrain_epochs
                           ? *options.pretrain_epochs * static_cast<double>(steps_per_epoch)
                           : static_cast<double>(total_steps_) * shares.paths / (shares.paths + after_paths);
  steps_of(Stage::paths) = std::clamp<std::int64_t>(std::llround(paths), 0, total_steps_);
  const std::int64_t rest = total_steps_ - steps_of(Stage::paths);
  const auto part = [&](double share) {
    return after_paths > 0 ? std::llround(static_cast<double>(rest) * share / after_paths) : 0;
  };
  steps_of(Stage::choice) = part(shares.choice);
  steps_of(Stage::control) = std::min<std::int64_t>(part(shares.control), rest - steps_of(Stage::choice));
  steps_of(Stage::joint) = rest - steps_of(Stage::choice) - steps_of(Stage::control);
  const std::int64_t exploring = steps_of(Stage::choice) > 0 ? steps_of(Stage::choice) : rest;
  epsilon_steps_ = epsilon_.steps > 0 ? epsilon_.steps : std::llround(static_cast<double>(exploring) * epsilon_share);
}

StepPlan Schedule::at(std::int64_t step) const {
  std::size_t stage = 0;
  std::int64_t stage_step = step;
  while (stage + 1 < stage_count && stage_step >= steps_[stage]) stage_step -= steps_[stage++];
  StepPlan plan;
  plan.stage = static_cast<Stage>(stage);
  plan.epsilon = 1;
  if (plan.stage != Stage::paths) {
    const std::int64_t since = step - steps_of(Stage::paths);
    const double fallen =
        epsilon_steps_ > 0 ? std::min(1.0, static_cast<double>(since) / static_cast<double>(epsilon_steps_)) : 1.0;
    plan.epsilon = epsilon_.start + (epsilon_.floor - epsilon_.start) * fallen;
  }
  plan.learning_rate = learning_rate_;
  if (rate_schedule_ == RateSchedule::cosine) {
    const double done = static_cast<double>(stage_step) / static_cast<double>(steps_[stage]);
    plan.learning_rate *= last_rate_share + (1 - last_rate_share) * 0.5 * (1 + std::cos(std::numbers::pi * done));
  }
  return plan;
}

bool Schedule::may_judge_actions(std::int64_t step) const {
  const StepPlan plan = at(step);
  if (plan.stage == Stage::paths) return false;
  return step + 1 == total_steps_ || step - steps_of(Stage::paths) >= epsilon_steps_;
}

}  // namespace d2nn::train
