// Which loops this CPU runs. x86-64-v4 is AVX-512 F, BW, CD, DQ, VL; x86-64-v3 is AVX2 with FMA.
#include "kernels/isa/host_loops.h"

#include <array>

namespace d2nn::kernels::isa {

std::span<const Loops* const> supported_loops() {
#if defined(D2NN_KERNELS_X86)
  static const std::array<const Loops*, 3> all_loops = {&baseline_loops(), &avx2_loops(), &avx512_loops()};
  __builtin_cpu_init();
  const bool has_v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool has_v4 = has_v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  return std::span(all_loops).first(has_v4 ? 3 : has_v3 ? 2 : 1);
#else
  static const std::array<const Loops*, 1> all_loops = {&baseline_loops()};
  return all_loops;
#endif
}

const Loops& host_loops() {
  return *supported_loops().back();
}

}  // namespace d2nn::kernels::isa
