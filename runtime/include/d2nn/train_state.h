/* How much of a training module's arena an op needs beyond values: the one truth for the compiler's planner and the
 * kernels. Header only: the compiler includes it without linking the runtime. */
#ifndef D2NN_TRAIN_STATE_H
#define D2NN_TRAIN_STATE_H

#include <stdint.h>

#include "d2nn/module.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes per row of the op's state buffer (d2nn_op::state), a multiple of 4; 0: it needs none and state is
 * D2NN_NO_INDEX. out_elements: of the result, one row.
 *
 * max_pool keeps the tap of the window that was the maximum, one per output element: uint8 where kernel_h * kernel_w <=
 * 256, else int32. top keeps the place of each value in the operand, int32. All other kinds keep nothing per row:
 * expressions compute again what they need; dropout draws its mask again; batch_norm keeps its mean and deviation per
 * step, not per row, in the kernels room. */
static inline int64_t d2nn_train_state_bytes(uint32_t kind, int64_t out_elements, int64_t kernel_h, int64_t kernel_w) {
  if (kind == D2NN_OP_TOP) return out_elements * 4;
  if (kind != D2NN_OP_MAX_POOL) return 0;
  return kernel_h * kernel_w <= 256 ? (out_elements + 3) / 4 * 4 : out_elements * 4;
}

#ifdef __cplusplus
}
#endif
#endif
