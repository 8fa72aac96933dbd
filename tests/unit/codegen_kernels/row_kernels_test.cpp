// Every kind of row kernel on a table of sizes, in every vector width, unoptimised and optimised, between guard pages.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "unit/codegen_kernels/expression_runs.h"
#include "unit/codegen_kernels/guarded_row.h"
#include "unit/codegen_kernels/kernel_jit.h"
#include "unit/codegen_kernels/naive_kernels.h"
#include "unit/codegen_kernels/problems.h"

using namespace d2nn;
using namespace d2nn::testing;
using codegen::KernelProblem;
using codegen::PointwiseStages;
using ops::Kernel;

namespace {

// Elements further from the expectation than rounding explains; NaN must meet NaN. The first is described.
std::string find_difference(const std::vector<float>& got, const Expected& expected) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double want = expected.values[i];
    const bool is_same =
        std::isnan(want) ? std::isnan(got[i]) : std::abs(got[i] - want) <= 2e-6 * expected.scale[i] || got[i] == want;
    if (!is_same) {
      return "element " + std::to_string(i) + " is " + std::to_string(got[i]) + ", expected " + std::to_string(want);
    }
  }
  return "";
}

std::string run_and_compare(const CompiledKernels& kernels, std::size_t index, const KernelProblem& problem,
                            const codegen::TargetInfo& target, GuardedRow::Side side, bool with_nan) {
  std::mt19937 random(static_cast<unsigned>(index + 1));
  const Weights weights = random_weights(problem, random);
  std::vector<float> src = random_floats(source_floats(problem), random);
  if (with_nan) src[src.size() / 2] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::vector<float>> further = random_further(problem, 1, random);
  const Expected expected = run_naive(problem, weights, src, further);
  GuardedRow src_row(src, side);
  GuardedRow dst_row(result_floats(problem), side);
  GuardedRow packed(pack(codegen::choose_pack(problem, target), weights), side);
  GuardedRow scratch(static_cast<std::size_t>(codegen::scratch_floats(problem, target)), side);
  std::vector<float*> pointers{src_row.data(), dst_row.data(), packed.data(), scratch.data()};
  std::vector<std::unique_ptr<GuardedRow>> operands;
  for (const std::vector<float>& values : further) {
    operands.push_back(std::make_unique<GuardedRow>(values, side));
    pointers.push_back(operands.back()->data());
  }
  call_with_pointers(kernels.address(index), pointers);
  return find_difference(dst_row.values(), expected);
}

enum class Sources { numbers, numbers_and_nan };

void check_all(const std::vector<KernelProblem>& problems, Sources sources = Sources::numbers) {
  for (const CpuLevel& cpu : runnable_levels()) {
    for (const int level : {0, 2}) {
      const CompiledKernels kernels(problems, cpu, level);
      for (std::size_t i = 0; i < problems.size(); ++i) {
        for (const GuardedRow::Side side : {GuardedRow::Side::begin, GuardedRow::Side::end}) {
          for (const bool with_nan : {false, true}) {
            if (with_nan && sources == Sources::numbers) continue;
            const std::string difference = run_and_compare(kernels, i, problems[i], cpu.target, side, with_nan);
            CHECK_MESSAGE(difference.empty(), describe(problems[i]), " on ", cpu.cpu, " at O", level, ": ", difference);
          }
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("convolutions of all strides, paddings, dilations and widths agree with plain loops") {
  check_all({
      conv({1, 5, 5}, 1, {3, 1, 1}),
      conv({3, 17, 23}, 8, {3, 1, 1}),
      conv({3, 24, 24}, 8, {3, 2, 1}, 1, relu_stage()),
      conv({3, 23, 19}, 5, {3, 2, 1}),
      conv({8, 14, 14}, 16, {3, 1, 1}, 1, relu_stage()),
      conv({4, 7, 7}, 17, {3, 1, 1}),
      conv({2, 6, 3}, 7, {3, 1, 1}),
      conv({8, 9, 9}, 16, {1}),
      conv({5, 7, 11}, 3, {1}, 1, applied([](const expr::Value& x) { return expr::leaky_relu(x, 0.1); })),
      conv({6, 9, 10}, 4, {1, 2, 0}),
      conv({3, 8, 8}, 4, {1, 1, 1}),
      conv({3, 20, 20}, 6, {5, 1, 2}),
      conv({3, 20, 21}, 6, {5, 1, 0}, 1, applied(expr::sigmoid)),
      conv({3, 32, 32}, 8, {7, 2, 3}),
      conv({3, 47, 51}, 9, {11, 4, 2}),
      conv({2, 30, 30}, 3, {3, 3, 1}),
      conv({2, 31, 29}, 3, {4, 3, 2}),
      conv({3, 16, 18}, 4, {3, 1, 2, 2}),
      conv({3, 25, 22}, 4, {3, 2, 3, 3}),
      conv({2, 12, 40}, 3, {{2, 5}, {1, 2}, {0, 2}, {2, 1}}),
      conv({2, 9, 13}, 3, {{3, 1}, 1, {1, 0}}),
      conv({2, 9, 13}, 3, {{1, 3}, {2, 1}, {0, 1}}),
      conv({16, 4, 4}, 12, {4, 1, 0}),
      conv({2, 3, 200}, 3, {3, 2, 1}, 1, applied(expr::tanh)),
      conv({1, 150, 3}, 2, {3, 1, 1}),
      conv({1, 90, 100}, 2, {3, 1, 1}),
      conv({3, 31, 31}, 11, {3, 2, 1}, 1, relu_stage()),
      conv({2, 45, 45}, 3, {3, 3, 1}),
      conv({1, 9, 800}, 2, {5, {1, 3}, {2, 2}}),
      conv({6, 32, 62}, 8, {3, 2, 1}, 2),
      conv({24, 20, 20}, 9, {5, 1, 2}, 1, relu_stage()),
  });
}

TEST_CASE("what is computed element by element behind a convolution is part of its kernel, further operands included") {
  const PointwiseStages hard_swish = applied(expr::hard_swish);
  check_all({
      conv({3, 17, 23}, 8, {3, 1, 1}, 1, hard_swish),
      conv({3, 31, 31}, 11, {3, 2, 1}, 1, added_and_relu()),
      conv({8, 14, 14}, 17, {1}, 1, added_and_relu()),
      conv({4, 10, 70}, 5, {3, 1, 1}, 1, gated_and_gelu()),
      conv({8, 9, 9}, 17, {1}, 1, gated_and_gelu()),
      conv({6, 14, 14}, 12, {3, 2, 1}, 6, added_and_relu()),
      conv({6, 11, 11}, 10, {3, 1, 1}, 2, gated_and_gelu()),
      conv({1, 90, 100}, 2, {3, 1, 1}, 1, gated_and_gelu()),
  });
}

TEST_CASE("convolutions of many channels, summed in passes, agree with plain loops") {
  const std::vector<KernelProblem> problems{
      conv({32, 10, 9}, 9, {3, 1, 1}, 1, relu_stage()),
      conv({40, 7, 7}, 24, {3, 1, 1}),
      conv({40, 7, 7}, 24, {3, 1, 1}, 1, added_and_relu()),
      conv({32, 10, 9}, 9, {3, 1, 1}, 1, gated_and_gelu()),
      conv({64, 5, 33}, 6, {{3, 2}, {2, 1}, 1}, 1, applied(expr::sigmoid)),
      conv({64, 9, 8}, 10, {3, 1, 1}, 2),
      conv_pool({48, 18, 22}, 7, {3, 1, 1}, {3, 2, 1}),
      conv_pool({32, 30, 31}, 12, {3, 1, 1}, {2, 2, 0}),
  };
  check_all(problems, Sources::numbers_and_nan);
}

TEST_CASE("grouped and depthwise convolutions agree with plain loops") {
  check_all({
      conv({8, 9, 9}, 8, {3, 1, 1}, 8),
      conv({6, 14, 14}, 12, {3, 2, 1}, 6, relu_stage()),
      conv({6, 11, 11}, 10, {3, 1, 1}, 2),
      conv({9, 8, 8}, 6, {1}, 3),
      conv({12, 6, 6}, 12, {5, 1, 2}, 4, applied(expr::silu)),
      conv({4, 10, 10}, 4 * 19, {3, 1, 1}, 4),
  });
}

TEST_CASE("a convolution fused with relu and max pool agrees with plain loops") {
  const std::vector<KernelProblem> problems{
      conv_pool({3, 24, 24}, 8, {3, 2, 1}, {2, 2, 0}),
      conv_pool({3, 24, 24}, 8, {3, 2, 1}, {3, 2, 1}),
      conv_pool({3, 25, 27}, 5, {3, 2, 1}, {3, 2, 1}),
      conv_pool({3, 27, 25}, 9, {3, 1, 1}, {2, 2, 0}),
      conv_pool({2, 13, 60}, 3, {5, 1, 0}, {3, 2, 1}),
      conv_pool({4, 12, 12}, 8, {3, 1, 1}, {3, 3, 0}, 2),
      conv_pool({4, 15, 15}, 6, {1, 1, 0}, {2, 2, 0}),
      conv_pool({1, 100, 64}, 12, {3, 1, 1}, {3, 2, 1}),
      conv_pool({2, 30, 9}, 2, {3, 1, 1}, {{4, 2}, {2, 3}, {2, 1}}),
  };
  check_all(problems, Sources::numbers_and_nan);
}

TEST_CASE("pools agree with plain loops, and hand NaN on") {
  std::vector<KernelProblem> problems;
  for (const Kernel kind : {Kernel::max_pool, Kernel::avg_pool}) {
    for (const KernelProblem& problem : {
             pool(kind, {3, 8, 8}, {2, 2, 0}),
             pool(kind, {2, 56, 56}, {3, 2, 1}),
             pool(kind, {2, 9, 11}, {3, 2, 1}),
             pool(kind, {1, 7, 5}, {3, 1, 1}),
             pool(kind, {2, 13, 3}, {{5, 3}, {3, 1}, {2, 1}}),
             pool(kind, {1, 30, 250}, {3, 3, 0}),
             pool(kind, {1, 12, 12}, {4, 4, 2}),
             pool(kind, {1, 40, 40}, {{11, 9}, 5, 4}),
             pool(kind, {1, 16, 16}, {3, 1, 1, 2}),
             pool(kind, {2, 1, 1}, {1, 1, 0}),
         }) {
      problems.push_back(problem);
    }
  }
  check_all(problems, Sources::numbers_and_nan);
}

TEST_CASE("the greatest values of a vector agree with plain loops, NaN first") {
  std::vector<KernelProblem> problems;
  for (const auto& [elements, k] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {9, 3}, {40, 40}, {300, 7}}) {
    KernelProblem p;
    p.kind = Kernel::top;
    p.in_c = elements;
    p.out_c = k;
    problems.push_back(p);
  }
  check_all(problems, Sources::numbers_and_nan);
}

TEST_CASE("norms and copies agree with plain loops, and hand NaN on") {
  std::vector<KernelProblem> problems;
  for (const Kernel kind : {Kernel::batch_norm, Kernel::normalize, Kernel::dropout, Kernel::copy}) {
    for (const Image image : {Image{1, 1, 1}, Image{10, 1, 1}, Image{130, 1, 1}, Image{3, 7, 5}, Image{4, 16, 16}}) {
      problems.push_back(same_shape(kind, image));
    }
  }
  check_all(problems, Sources::numbers_and_nan);
}
