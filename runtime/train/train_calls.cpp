// The calls of compiled training code that d2nn/module.h lists: ops go to the kernels room, joins to exec/join.h and
// train_joins.h.
#include "d2nn/module.h"
#include "exec/frame_state.h"
#include "exec/join.h"
#include "train/step_runner.h"
#include "train/train_joins.h"

namespace {

const d2nn::train::StepState& step_of(const d2nn_frame* frame) {
  return *frame->state->train_step;
}

/// Remembers which op failed, for the message.
int32_t report(d2nn_frame* frame, uint32_t op, d2nn_status status) {
  if (status != D2NN_OK) frame->state->failure.op = op;
  return status;
}

}  // namespace

extern "C" {

int32_t d2nn_rt_train_forward(d2nn_frame* frame, uint32_t op, const int32_t* rows, int64_t count) {
  return report(frame, op, step_of(frame).ops->forward(op, rows, count));
}

int32_t d2nn_rt_train_backward(d2nn_frame* frame, uint32_t op, const int32_t* rows, int64_t count) {
  return report(frame, op, step_of(frame).ops->backward(op, rows, count));
}

void d2nn_rt_train_join(d2nn_frame* frame, uint32_t join, const int32_t* rows, int64_t count) {
  const d2nn_train_code& code = *step_of(frame).code;
  const d2nn_join& table = code.joins[join];
  if (table.is_output != 0) {
    d2nn::exec::join_output(*frame, code.buffers, table, count);  // an output's rows are all rows, in order
  } else {
    d2nn::exec::join_rows(*frame, code.buffers, table, rows, count);
  }
}

void d2nn_rt_train_join_backward(d2nn_frame* frame, uint32_t join, const int32_t* rows, int64_t count) {
  d2nn::train::join_backward(*frame, step_of(frame), join, rows, count);
}

}  // extern "C"

namespace d2nn::train {

const d2nn_calls training_calls = {.decide = d2nn_rt_decide,
                                   .decide_one = d2nn_rt_decide_one,
                                   .join = d2nn_rt_join,
                                   .output = d2nn_rt_output,
                                   .library_op = d2nn_rt_library_op,
                                   .train_forward = d2nn_rt_train_forward,
                                   .train_backward = d2nn_rt_train_backward,
                                   .train_join = d2nn_rt_train_join,
                                   .train_join_backward = d2nn_rt_train_join_backward};

}  // namespace d2nn::train
