// The way from compiled code to a library kernel.
#include "d2nn/module.h"
#include "exec/frame_state.h"
#include "kernels/library_op.h"

extern "C" int32_t d2nn_rt_library_op(d2nn_frame* frame, uint32_t op, const float* src, float* dst) {
  const d2nn_status status = frame->state->library_calls[op]->run(src, dst);
  if (status != D2NN_OK) frame->state->failure.op = op;
  return status;
}
