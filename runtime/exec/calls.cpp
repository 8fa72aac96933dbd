// The way from compiled code to the runtime: library kernels, and the table of all calls.
#include "d2nn/module.h"
#include "exec/frame_state.h"
#include "kernels/library_op.h"

extern "C" int32_t d2nn_rt_library_op(d2nn_frame* frame, uint32_t op, const float* src, float* dst) {
  const d2nn_status status = frame->state->library_calls[op]->run(src, dst);
  if (status != D2NN_OK) frame->state->failure.op = op;
  return status;
}

namespace d2nn::exec {

const d2nn_calls inference_calls = {.decide = d2nn_rt_decide,
                                    .decide_one = d2nn_rt_decide_one,
                                    .join = d2nn_rt_join,
                                    .output = d2nn_rt_output,
                                    .library_op = d2nn_rt_library_op,
                                    .train_forward = nullptr,
                                    .train_backward = nullptr,
                                    .train_join = nullptr,
                                    .train_join_backward = nullptr};

}  // namespace d2nn::exec
