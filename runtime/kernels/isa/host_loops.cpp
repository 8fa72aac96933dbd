// Which loops this CPU runs. x86-64-v4 is AVX-512 F, BW, CD, DQ, VL; x86-64-v3 is AVX2 with FMA.
#include "kernels/isa/loops.h"

namespace d2nn::kernels::isa {

const Loops& host_loops() {
#if defined(D2NN_KERNELS_X86)
  __builtin_cpu_init();
  const bool has_v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool has_v4 = has_v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  if (has_v4) return avx512_loops();
  if (has_v3) return avx2_loops();
#endif
  return baseline_loops();
}

}  // namespace d2nn::kernels::isa
