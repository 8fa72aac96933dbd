// The loops of one instruction set. The including file defines D2NN_ISA_NAME, D2NN_ISA_FUNCTION and D2NN_ISA_LANES, and
// is compiled with the matching flags. Everything stands in an unnamed namespace: each instruction set has its own
// copy.

#include "kernels/isa/loops.h"

namespace d2nn::kernels::isa {
namespace {

inline constexpr int vector_lanes = D2NN_ISA_LANES;
using Vec = float __attribute__((vector_size(4 * D2NN_ISA_LANES)));
using VecI = std::int32_t __attribute__((vector_size(4 * D2NN_ISA_LANES)));
// The same in memory: any alignment of a float.
using VecU = float __attribute__((vector_size(4 * D2NN_ISA_LANES), aligned(4), may_alias));
using VecIU = std::int32_t __attribute__((vector_size(4 * D2NN_ISA_LANES), aligned(4), may_alias));

// Accumulators that fit the registers: 32 with AVX-512, 16 before.
inline constexpr bool has_many_registers = D2NN_ISA_LANES == 16;
inline constexpr int most_block = has_many_registers ? 8 : 4;
inline constexpr int vectors_1 = 8;
inline constexpr int vectors_2 = has_many_registers ? 8 : 4;
inline constexpr int vectors_4 = has_many_registers ? 5 : 3;
inline constexpr int vectors_8 = 3;
inline constexpr int taps_per_tile = has_many_registers ? 6 : 3;

#include "kernels/isa/conv_loops.h"
#include "kernels/isa/elementwise_loops.h"
#include "kernels/isa/pool_loops.h"
#include "kernels/isa/softmax_loops.h"

}  // namespace

const Loops& D2NN_ISA_FUNCTION() {
  static constexpr Loops loops_table = {
      D2NN_ISA_NAME, vector_lanes, most_block,        8 * vector_lanes, conv_block,   weight_gradient,
      fill_plane,    store_lines,  pool_block,        store_args,       pool_scatter, greatest_magnitude,
      sum,           dot,          squared_deviation, centred_dot,      scale_shift,  affine_gradient,
      copy,          add,          add_bias,          dropout,          softmax,      softmax_gradient,
      transpose};
  return loops_table;
}

}  // namespace d2nn::kernels::isa
