// What the shapes of emitted kernels depend on.
#pragma once

#include <string_view>

namespace d2nn::codegen {

/// What decides the register blocking.
struct TargetInfo {
  int vector_floats = 4;      ///< floats of the widest vector register: 16, 8 or 4
  int vector_registers = 16;  ///< 32 on AVX-512 and AArch64, else 16
};

/// From features as LLVM writes them ("+avx2,+fma,-avx512f") and LLVM's name of the architecture ("x86_64", "aarch64").
TargetInfo target_info(std::string_view arch, std::string_view features);

}  // namespace d2nn::codegen
