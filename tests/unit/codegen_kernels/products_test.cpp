// Kernels of matrix products and attention against plain loops in double, in every vector width, between guard pages.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "codegen/kernels/product.h"
#include "unit/codegen_kernels/expression_runs.h"
#include "unit/codegen_kernels/guarded_row.h"
#include "unit/codegen_kernels/kernel_jit.h"
#include "unit/codegen_kernels/naive_kernels.h"

using namespace d2nn;
using namespace d2nn::testing;
using codegen::AttentionProblem;
using codegen::MatmulProblem;

namespace {

using Values = std::vector<double>;

std::size_t size(std::int64_t count) {
  return static_cast<std::size_t>(count);
}

std::int64_t matrices(const MatmulProblem& p, std::int64_t MatmulProblem::Axis::* stride) {
  std::int64_t last = 0;
  for (const MatmulProblem::Axis& axis : p.leading) last += (axis.size - 1) * (axis.*stride);
  return last + 1;
}

std::vector<std::int64_t> operand_sizes(const MatmulProblem& p) {
  return {matrices(p, &MatmulProblem::Axis::left) * p.m * p.k, matrices(p, &MatmulProblem::Axis::right) * p.k * p.n};
}
std::vector<std::int64_t> operand_sizes(const AttentionProblem& p) {
  return {p.queries * p.width, p.keys * p.width, p.keys * p.value_width};
}

Values naive(const MatmulProblem& p, const std::vector<std::vector<float>>& operands) {
  struct Pair {
    std::int64_t left, right;
  };
  std::vector<Pair> pairs{{0, 0}};
  for (const MatmulProblem::Axis& axis : p.leading) {
    std::vector<Pair> next;
    for (const Pair& pair : pairs) {
      for (std::int64_t i = 0; i < axis.size; ++i)
        next.push_back({pair.left + i * axis.left, pair.right + i * axis.right});
    }
    pairs = next;
  }
  Values result;
  for (const Pair& pair : pairs) {
    for (std::int64_t row = 0; row < p.m; ++row) {
      for (std::int64_t column = 0; column < p.n; ++column) {
        double sum = 0;
        for (std::int64_t i = 0; i < p.k; ++i) {
          sum += double(operands[0][size((pair.left * p.m + row) * p.k + i)]) *
                 double(operands[1][size((pair.right * p.k + i) * p.n + column)]);
        }
        result.push_back(sum);
      }
    }
  }
  return result;
}

Values naive(const AttentionProblem& p, const std::vector<std::vector<float>>& operands) {
  Values result(size(p.queries * p.value_width));
  const std::int64_t depth = p.width / p.heads;
  const std::int64_t value_depth = p.value_width / p.heads;
  for (std::int64_t head = 0; head < p.heads; ++head) {
    for (std::int64_t q = 0; q < p.queries; ++q) {
      const std::int64_t seen = p.is_causal ? std::min(q + 1, p.keys) : p.keys;
      Values shares;
      double sum = 0;
      for (std::int64_t key = 0; key < seen; ++key) {
        double score = 0;
        for (std::int64_t i = head * depth; i < (head + 1) * depth; ++i) {
          score += double(operands[0][size(q * p.width + i)]) * double(operands[1][size(key * p.width + i)]);
        }
        shares.push_back(std::exp(score / std::sqrt(double(depth))));
        sum += shares.back();
      }
      for (std::int64_t i = head * value_depth; i < (head + 1) * value_depth; ++i) {
        double& place = result[size(q * p.value_width + i)];
        for (std::int64_t key = 0; key < seen; ++key) {
          place += shares[size(key)] / sum * double(operands[2][size(key * p.value_width + i)]);
        }
      }
    }
  }
  return result;
}

llvm::Function* emit(llvm::Module& module, const MatmulProblem& p, const codegen::TargetInfo& target,
                     const std::string& name) {
  return codegen::emit_matmul_kernel(module, p, target, name);
}
llvm::Function* emit(llvm::Module& module, const AttentionProblem& p, const codegen::TargetInfo& target,
                     const std::string& name) {
  return codegen::emit_attention_kernel(module, p, target, name);
}

template <class Problem>
std::vector<float> run(void* kernel, const Problem& problem, const codegen::TargetInfo& target,
                       const std::vector<std::vector<float>>& operands, std::size_t results, GuardedRow::Side side) {
  std::vector<std::unique_ptr<GuardedRow>> rows;
  for (const std::vector<float>& operand : operands) rows.push_back(std::make_unique<GuardedRow>(operand, side));
  rows.push_back(std::make_unique<GuardedRow>(results, side));
  rows.push_back(std::make_unique<GuardedRow>(size(codegen::scratch_floats(problem, target)), side));
  std::vector<float*> pointers;
  for (const auto& row : rows) pointers.push_back(row->data());
  call_with_pointers(kernel, pointers);
  return rows[operands.size()]->values();
}

template <class Problem>
void check_all(const std::vector<Problem>& problems) {
  for (const CpuLevel& cpu : runnable_levels()) {
    for (const int level : {0, 2}) {
      std::vector<EmitKernel> emitters;
      for (const Problem& problem : problems) {
        emitters.emplace_back(
            [&](llvm::Module& module, const std::string& name) { return emit(module, problem, cpu.target, name); });
      }
      const CompiledKernels kernels(emitters, cpu, level);
      for (std::size_t i = 0; i < problems.size(); ++i) {
        CAPTURE(i);
        CAPTURE(cpu.cpu);
        CAPTURE(level);
        std::mt19937 random(static_cast<std::mt19937::result_type>(i + 1));
        std::vector<std::vector<float>> operands;
        for (const std::int64_t count : operand_sizes(problems[i]))
          operands.push_back(random_floats(size(count), random));
        const Values expected = naive(problems[i], operands);
        double scale = 1;
        for (const double value : expected) scale = std::max(scale, std::abs(value));
        for (const auto side : {GuardedRow::Side::begin, GuardedRow::Side::end}) {
          const auto got = run(kernels.address(i), problems[i], cpu.target, operands, expected.size(), side);
          double worst = 0;
          for (std::size_t e = 0; e < expected.size(); ++e) {
            const double difference = std::abs(double(got[e]) - expected[e]);
            if (!(difference <= worst)) worst = difference;
          }
          CHECK(worst <= 4e-6 * scale);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("matrix products of all sizes and broadcasts agree with plain loops") {
  check_all(std::vector<MatmulProblem>{
      {{}, 1, 1, 1},
      {{}, 3, 5, 4},
      {{}, 7, 40, 3},
      {{}, 33, 64, 65},
      {{}, 5, 1100, 70},
      {{{2, 1, 1}}, 3, 4, 5},
      {{{3, 0, 1}}, 4, 6, 17},
      {{{3, 1, 0}}, 4, 36, 2},
      {{{2, 3, 0}, {3, 1, 0}}, 2, 3, 20},
      {{{2, 0, 1}, {2, 2, 0}, {2, 1, 2}}, 2, 3, 4},
  });
}

TEST_CASE("attention agrees with plain loops, causal or not, whatever its sizes") {
  check_all(std::vector<AttentionProblem>{
      {1, 1, 1, 1, 1, false},
      {1, 3, 5, 4, 2, false},
      {2, 17, 17, 8, 8, true},
      {2, 5, 9, 6, 10, true},
      {3, 9, 4, 9, 3, true},
      {4, 70, 70, 256, 256, false},
      {2, 30, 600, 16, 24, false},
      {1, 40, 330, 3, 100, true},
  });
}

TEST_CASE("a query that sees a score that is no number gives none, and others are not touched") {
  const AttentionProblem problem{1, 6, 6, 4, 4, true};
  for (const CpuLevel& cpu : runnable_levels()) {
    const CompiledKernels kernels(
        {[&](llvm::Module& module, const std::string& name) { return emit(module, problem, cpu.target, name); }}, cpu,
        2);
    std::mt19937 random(1);
    std::vector<std::vector<float>> operands(3, random_floats(24, random));
    operands[1][3 * 4] = std::numeric_limits<float>::quiet_NaN();  // key 3: queries 3 to 5 see it
    const auto got = run(kernels.address(0), problem, cpu.target, operands, 24, GuardedRow::Side::end);
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(std::isnan(got[i]) == (i >= 12));
  }
}
