// The loops of one instruction set. The including file defines D2NN_ISA_NAME, D2NN_ISA_FUNCTION and D2NN_ISA_LANES, and
// is compiled with the matching flags. Everything stands in an unnamed namespace: each instruction set has its own
// copy.

#include "kernels/isa/loops.h"

namespace d2nn::kernels::isa {
namespace {

inline constexpr int kLanes = D2NN_ISA_LANES;
using Vec = float __attribute__((vector_size(4 * D2NN_ISA_LANES)));
using VecI = std::int32_t __attribute__((vector_size(4 * D2NN_ISA_LANES)));
// The same in memory: any alignment of a float.
using VecU = float __attribute__((vector_size(4 * D2NN_ISA_LANES), aligned(4), may_alias));
using VecIU = std::int32_t __attribute__((vector_size(4 * D2NN_ISA_LANES), aligned(4), may_alias));

// Accumulators that fit the registers: 32 with AVX-512, 16 before.
inline constexpr bool kManyRegisters = D2NN_ISA_LANES == 16;
inline constexpr int kMaxBlock = kManyRegisters ? 8 : 4;
inline constexpr int kVectors1 = 8;
inline constexpr int kVectors2 = kManyRegisters ? 8 : 4;
inline constexpr int kVectors4 = kManyRegisters ? 5 : 3;
inline constexpr int kVectors8 = 3;
inline constexpr int kWeightTaps = kManyRegisters ? 6 : 3;

#include "kernels/isa/conv_loops.h"
#include "kernels/isa/elementwise_loops.h"
#include "kernels/isa/pool_loops.h"

}  // namespace

const Loops& D2NN_ISA_FUNCTION() {
  static constexpr Loops kLoops = {D2NN_ISA_NAME,
                                   kLanes,
                                   kMaxBlock,
                                   8 * kLanes,
                                   conv_block,
                                   weight_gradient,
                                   fill_plane,
                                   store_lines,
                                   pool_block,
                                   store_args,
                                   pool_scatter,
                                   greatest_magnitude,
                                   sum,
                                   dot,
                                   squared_deviation,
                                   centred_dot,
                                   scale_shift,
                                   affine_gradient,
                                   copy,
                                   add,
                                   add_bias,
                                   dropout,
                                   transpose};
  return kLoops;
}

}  // namespace d2nn::kernels::isa
