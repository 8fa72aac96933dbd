// Stages, epsilon and learning rate: see schedule.h.
#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace d2nn::train {
namespace {

/// Where the cosine of a stage ends, as a share of the learning rate.
constexpr double last_rate_share = 0.05;
/// Share of the joint and control steps over which epsilon falls when no number of steps is given.
constexpr double epsilon_share = 0.6;

}  // namespace

std::string_view spelling(Stage stage) {
  switch (stage) {
    case Stage::paths:
      return "paths";
    case Stage::joint:
      return "joint";
    case Stage::control:
      return "control";
  }
  return "";
}

Schedule::Schedule(const TrainOptions& options, std::int64_t steps_per_epoch, bool has_control)
    : epsilon_(options.epsilon),
      rate_schedule_(options.rate_schedule),
      learning_rate_(options.effective_learning_rate()),
      steps_per_epoch_(steps_per_epoch) {
  const std::int64_t total = options.epochs * steps_per_epoch;
  if (!has_control) {
    joint_steps_ = total;
    return;
  }
  const StageShares& shares = options.stages;
  const double sum = shares.paths + shares.joint + shares.control;
  const double paths = options.pretrain_epochs ? *options.pretrain_epochs * static_cast<double>(steps_per_epoch)
                                               : static_cast<double>(total) * shares.paths / sum;
  paths_end_ = std::clamp<std::int64_t>(std::llround(paths), 0, total);
  const double rest = shares.joint + shares.control;
  const double control_share = rest > 0 ? shares.control / rest : 0;
  control_steps_ = std::llround(static_cast<double>(total - paths_end_) * control_share);
  joint_steps_ = total - paths_end_ - control_steps_;
  epsilon_steps_ = epsilon_.steps > 0
                       ? epsilon_.steps
                       : std::llround(static_cast<double>(joint_steps_ + control_steps_) * epsilon_share);
}

StepPlan Schedule::at(std::int64_t step) const {
  StepPlan plan;
  std::int64_t stage_step = step;
  std::int64_t stage_steps = paths_end_;
  if (step < paths_end_) {
    plan.stage = Stage::paths;
    plan.epsilon = 1;
  } else {
    const std::int64_t since = step - paths_end_;
    const bool is_joint = since < joint_steps_;
    plan.stage = is_joint ? Stage::joint : Stage::control;
    stage_step = is_joint ? since : since - joint_steps_;
    stage_steps = is_joint ? joint_steps_ : control_steps_;
    const double fallen =
        epsilon_steps_ > 0 ? std::min(1.0, static_cast<double>(since) / static_cast<double>(epsilon_steps_)) : 1.0;
    plan.epsilon = epsilon_.start + (epsilon_.floor - epsilon_.start) * fallen;
  }
  plan.learning_rate = learning_rate_;
  if (rate_schedule_ == RateSchedule::cosine) {
    const double done = static_cast<double>(stage_step) / static_cast<double>(stage_steps);
    plan.learning_rate *= last_rate_share + (1 - last_rate_share) * 0.5 * (1 + std::cos(std::numbers::pi * done));
  }
  return plan;
}

bool Schedule::may_judge_actions(std::int64_t step) const {
  const StepPlan plan = at(step);
  return plan.stage != Stage::paths && plan.epsilon <= 0.5 * (epsilon_.start + epsilon_.floor);
}

}  // namespace d2nn::train
