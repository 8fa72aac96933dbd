// What kernels promise beyond values: accuracy of the elementwise functions, bounded code, refusals of the door.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "codegen/expressions/emit_expression.h"
#include "ops/layer.h"
#include "unit/codegen_kernels/expression_runs.h"
#include "unit/codegen_kernels/kernel_jit.h"
#include "unit/codegen_kernels/naive_kernels.h"
#include "unit/codegen_kernels/problems.h"

using namespace d2nn;
using namespace d2nn::testing;
using codegen::KernelProblem;
using ops::Kernel;

namespace {

// Distance from `want` in units of the last place of a float of its size; `floor` is the size below which the error
// counts as absolute.
double units_off(float got, double want, double floor) {
  const double size = std::max({std::abs(want), floor, 1.2e-38});
  return std::abs(got - want) / (size * std::numeric_limits<float>::epsilon());
}

/// A layer on a vector, as compiled code has it.
EmitKernel layer_emitter(const char* name, std::int64_t count, const codegen::TargetInfo& target) {
  return [=](llvm::Module& module, const std::string& function) {
    const ops::Shape shape{count};
    const std::uint32_t number = 0;
    const expr::Expression meaning = ops::meaning(ops::layer(name), {}, {&shape, 1}, {&number, 1});
    return codegen::emit_expression(module, meaning, {codegen::ResultStore::overwrite}, target, function).function;
  };
}

}  // namespace

TEST_CASE("activations are within a few units in the last place of libm over the whole range") {
  struct Row {
    const char* layer;
    double (*exact)(double x);
    double allowed;
    double floor;  // gelu's own formula, x / 2 * (1 + erf), cancels below this and multiplies erf's error by x / 2
  };
  const std::vector<Row> rows{{"sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, 3.0, 0.0},
                              {"tanh", [](double x) { return std::tanh(x); }, 3.0, 0.0},
                              {"gelu", [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }, 8.0, 1.0},
                              {"silu", [](double x) { return x / (1 + std::exp(-x)); }, 4.0, 0.0}};
  std::vector<float> inputs;
  for (float x = -86.0F; x < 86.0F; x += 0.0137F) inputs.push_back(x);
  for (float x = 1e-8F; x < 4.0F; x *= 1.01F) {
    inputs.push_back(x);
    inputs.push_back(-x);
  }
  const auto count = static_cast<std::int64_t>(inputs.size());
  for (const CpuLevel& cpu : runnable_levels()) {
    std::vector<EmitKernel> emitters;
    for (const Row& row : rows) emitters.push_back(layer_emitter(row.layer, count, cpu.target));
    const CompiledKernels kernels(emitters, cpu, 2);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::vector<float> results(inputs.size());
      call_with_pointers(kernels.address(i), {inputs.data(), results.data(), nullptr});
      double worst = 0;
      float worst_at = 0;
      for (std::size_t at = 0; at < inputs.size(); ++at) {
        const double off = units_off(results[at], rows[i].exact(inputs[at]), rows[i].floor);
        if (!(off <= worst)) {
          worst = off;
          worst_at = inputs[at];
        }
      }
      CAPTURE(rows[i].layer);
      CAPTURE(cpu.cpu);
      CAPTURE(worst_at);
      CHECK(worst <= rows[i].allowed);
    }
  }
}

TEST_CASE("activations of infinities are their limits") {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> inputs{infinity, -infinity, 1000.0F, -1000.0F, 0.0F};
  for (const CpuLevel& cpu : runnable_levels()) {
    const CompiledKernels kernels({layer_emitter("sigmoid", 5, cpu.target), layer_emitter("tanh", 5, cpu.target)}, cpu,
                                  2);
    std::vector<float> results(5);
    call_with_pointers(kernels.address(0), {inputs.data(), results.data(), nullptr});
    CHECK(results == std::vector<float>{1.0F, 0.0F, 1.0F, 0.0F, 0.5F});
    call_with_pointers(kernels.address(1), {inputs.data(), results.data(), nullptr});
    CHECK(results == std::vector<float>{1.0F, -1.0F, 1.0F, -1.0F, 0.0F});
  }
}

TEST_CASE("the largest kernels stay below 30 KB of machine code") {
  for (const CpuLevel& cpu : runnable_levels()) {
    for (const KernelProblem& problem :
         {conv({64, 28, 28}, 64, {3, 1, 1}, 1, relu_stage()), conv({3, 224, 224}, 64, {7, 2, 3}),
          conv({16, 27, 27}, 48, {5, 1, 2}), conv({3, 227, 227}, 96, {11, 4, 0}),
          conv({64, 28, 28}, 64, {3, 1, 1}, 1, gated_and_gelu()),
          conv({64, 28, 28}, 64, {3, 1, 1}, 1, applied(expr::hard_swish)), dense(512, 512, applied(expr::hard_swish)),
          conv_pool({3, 112, 112}, 8, {3, 2, 1}, {3, 2, 1}), dense(4096, 1000), dense(512, 10),
          pool(Kernel::max_pool, {64, 112, 112}, {3, 2, 1})}) {
      const CompiledKernels kernels({problem}, cpu, 2);
      CAPTURE(describe(problem));
      CAPTURE(cpu.cpu);
      CHECK(kernels.code_bytes() < 30000);
    }
  }
}

TEST_CASE("pools are fused only behind relu and when a band hands on as many rows as the padding has") {
  const KernelProblem with_relu = conv({3, 24, 24}, 8, {3, 2, 1}, 1, relu_stage());
  const KernelProblem without = conv({3, 24, 24}, 8, {3, 2, 1});
  CHECK(codegen::can_fuse_pool(with_relu, {2, 2, 2, 2, 0, 0}));
  CHECK(codegen::can_fuse_pool(with_relu, {3, 3, 2, 2, 1, 1}));
  CHECK_FALSE(codegen::can_fuse_pool(without, {2, 2, 2, 2, 0, 0}));
  CHECK_FALSE(codegen::can_fuse_pool(conv({3, 24, 24}, 8, {3, 2, 1}, 1, applied(expr::relu6)), {2, 2, 2, 2, 0, 0}));
  CHECK_FALSE(codegen::can_fuse_pool(conv({3, 24, 24}, 8, {3, 2, 1}, 1, added_and_relu()), {2, 2, 2, 2, 0, 0}));
  CHECK_FALSE(codegen::can_fuse_pool(with_relu, {3, 3, 2, 2, 0, 0}));
  CHECK_FALSE(codegen::can_fuse_pool(with_relu, {2, 2, 3, 3, 0, 0}));
  CHECK_FALSE(codegen::can_fuse_pool(dense(4, 4, relu_stage()), {2, 2, 2, 2, 0, 0}));
}

TEST_CASE("among equal estimates eight channels are done together, and many channels wait for their pool") {
  const codegen::TargetInfo target{16, 32};
  CHECK(codegen::choose_pack(conv({64, 27, 27}, 96, {5, 1, 2}), target).block == 8);
  CHECK(codegen::choose_pack(conv({64, 28, 28}, 96, {5, 1, 2}), target).block == 8);
  // A kernel that reads its source row by row keeps the waiting rows in the first-level cache, one with more to do per
  // row need not.
  const std::int64_t rows = codegen::scratch_floats(conv_pool({3, 112, 112}, 8, {3, 2, 1}, {3, 2, 1}), target);
  const std::int64_t masked = codegen::scratch_floats(conv_pool({96, 28, 28}, 16, {5, 1, 2}, {3, 2, 1}), target);
  CHECK(rows <= 8 * 1024);
  CHECK(masked > 8 * 1024);
  CHECK(masked <= 24 * 1024);
}

TEST_CASE("without masked loads, what a convolution of many channels stages does not grow with them") {
  const codegen::TargetInfo avx2{8, 16};
  const std::int64_t few = codegen::scratch_floats(conv({16, 7, 7}, 512, {3, 1, 1}), avx2);
  CHECK(codegen::scratch_floats(conv({512, 7, 7}, 512, {3, 1, 1}), avx2) == few);
  CHECK(codegen::choose_pack(conv({512, 7, 7}, 512, {3, 1, 1}), avx2).block == 4);
}

TEST_CASE("the register shape follows from the features of the target") {
  CHECK(codegen::target_info("x86_64", "+avx2,+fma,+avx512f,+avx512vl,+avx512dq,+avx512bw").vector_floats == 16);
  CHECK(codegen::target_info("x86_64", "+avx2,+fma,-avx512f,-avx512vl").vector_floats == 8);
  CHECK(codegen::target_info("x86_64", "+avx,+avx512fp16").vector_floats == 4);
  CHECK(codegen::target_info("aarch64", "").vector_registers == 32);
}
