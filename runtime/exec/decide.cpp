// Which action a control node takes: language.md, "activated" (highest score, ties to the first declared), and rule 6
// (a score that is not finite is an error, no action is guessed).
#include <cmath>

#include "d2nn/module.h"
#include "exec/frame_state.h"

namespace {

/// The index of the first score that is not finite; `count` when all are.
std::uint32_t first_nonfinite(const float* scores, std::uint32_t count) {
  std::uint32_t i = 0;
  while (i < count && std::isfinite(scores[i])) ++i;
  return i;
}

std::int32_t best(const float* scores, std::uint32_t count) {
  std::uint32_t winner = 0;
  for (std::uint32_t i = 1; i < count; ++i) {
    if (scores[i] > scores[winner]) winner = i;
  }
  return static_cast<std::int32_t>(winner);
}

/// Records the failing row that comes first, whatever the order of the list.
void record(d2nn::exec::Failure& failure, std::int64_t row, std::uint32_t control, std::uint32_t action, float score) {
  if (failure.row >= 0 && failure.row <= row) return;
  failure.row = row;
  failure.control = control;
  failure.action = action;
  failure.score = score;
}

}  // namespace

extern "C" {

int32_t d2nn_rt_decide(d2nn_frame* frame, uint32_t control, const float* scores, int64_t stride, const int32_t* rows,
                       int64_t count) {
  d2nn_frame_state& state = *frame->state;
  const std::uint32_t actions = state.module->controls[control].action_count;
  bool finite = true;
  for (std::int64_t i = 0; i < count; ++i) {
    const float* row_scores = scores + rows[i] * stride;
    const std::uint32_t bad = first_nonfinite(row_scores, actions);
    if (bad == actions) continue;
    finite = false;
    record(state.failure, rows[i], control, bad, row_scores[bad]);
  }
  if (!finite) return D2NN_NONFINITE_CONTROL;
  if (state.policy != nullptr) return state.policy->decide(*frame, control, scores, stride, rows, count);
  std::int32_t* chosen = frame->actions + control * frame->capacity;
  for (std::int64_t i = 0; i < count; ++i) chosen[rows[i]] = best(scores + rows[i] * stride, actions);
  return D2NN_OK;
}

int32_t d2nn_rt_decide_one(d2nn_frame* frame, uint32_t control, const float* scores) {
  const std::int32_t row = 0;
  const std::int32_t status = d2nn_rt_decide(frame, control, scores, 0, &row, 1);
  return status == D2NN_OK ? frame->actions[control * frame->capacity] : -1 - status;
}

}  // extern "C"
