// Emitted kernels made callable: one module per set of kernels, compiled in process for a chosen CPU level. The only
// file of these tests that includes LLVM's JIT and pass builder is kernel_jit.cpp; benchmarks use it too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codegen/kernels/kernels.h"

namespace d2nn::testing {

/// What a module of kernels is compiled for: an LLVM CPU name ("x86-64-v3"; "native" is the host with all its features)
/// and the register shapes that go with it.
struct CpuLevel {
  std::string cpu;
  codegen::TargetInfo target;
};
/// The levels that this machine can run, the widest first.
std::vector<CpuLevel> runnable_levels();

using RowKernel = void (*)(const float* src, float* dst, const float* packed, float* scratch);
using BinaryKernel = void (*)(const float* a, const float* b, float* dst);
using DenseKernel = void (*)(const float* src, std::int64_t src_stride, const std::int32_t* rows, std::int64_t count,
                             float* dst, std::int64_t dst_stride, const float* packed);

/// Adds a function of this name to the module.
using EmitKernel = std::function<llvm::Function*(llvm::Module& module, const std::string& name)>;

/// Kernels for all `problems`, compiled together. Throws std::runtime_error with LLVM's words when that fails.
class CompiledKernels {
 public:
  /// level: 0 no optimisation, 2 LLVM's O2.
  CompiledKernels(const std::vector<codegen::KernelProblem>& problems, const CpuLevel& cpu, int level);
  /// The same for what each of `emitters` makes.
  CompiledKernels(const std::vector<EmitKernel>& emitters, const CpuLevel& cpu, int level);
  ~CompiledKernels();
  CompiledKernels(const CompiledKernels&) = delete;
  CompiledKernels& operator=(const CompiledKernels&) = delete;

  /// The kernel of problems[index]; the caller picks the type that the problem's kind has.
  RowKernel row(std::size_t index) const { return reinterpret_cast<RowKernel>(address(index)); }
  BinaryKernel binary(std::size_t index) const { return reinterpret_cast<BinaryKernel>(address(index)); }
  DenseKernel dense(std::size_t index) const { return reinterpret_cast<DenseKernel>(address(index)); }

  void* address(std::size_t index) const;

  std::size_t code_bytes() const { return code_bytes_; }       ///< machine code of all kernels
  double compile_seconds() const { return compile_seconds_; }  ///< processor time of emission, passes and machine code
  const std::string& assembly() const { return assembly_; }    ///< filled when D2NN_KERNEL_ASSEMBLY is set

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
  std::size_t code_bytes_ = 0;
  double compile_seconds_ = 0.0;
  std::string assembly_;
};

}  // namespace d2nn::testing
