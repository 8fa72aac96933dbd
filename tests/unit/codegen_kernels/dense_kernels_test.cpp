// Dense kernels: right values for lists of rows of every length, and the same bits for a row in every group.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "unit/codegen_kernels/guarded_row.h"
#include "unit/codegen_kernels/kernel_jit.h"
#include "unit/codegen_kernels/naive_kernels.h"
#include "unit/codegen_kernels/problems.h"

using namespace d2nn;
using namespace d2nn::testing;
using codegen::KernelProblem;

namespace {

constexpr std::size_t capacity = 19;

struct DenseRun {
  const CompiledKernels& kernels;
  std::size_t index;
  const KernelProblem& problem;
  std::vector<float> packed;
  std::vector<float> sources;               // [capacity, inputs]
  std::vector<std::vector<float>> further;  // [capacity, units]

  // Rows that were not asked for stay NaN.
  std::vector<float> run(const std::vector<std::int32_t>* rows, std::int64_t count, GuardedRow::Side side) const {
    const auto inputs = static_cast<std::int64_t>(source_floats(problem));
    GuardedRow src(sources, side);
    GuardedRow dst(capacity * static_cast<std::size_t>(problem.out_c), side);
    GuardedRow weights(packed, side);
    std::vector<std::unique_ptr<GuardedRow>> operands;
    for (const std::vector<float>& values : further) operands.push_back(std::make_unique<GuardedRow>(values, side));
    const std::int32_t* list = rows == nullptr ? nullptr : rows->data();
    using One = void (*)(const float*, std::int64_t, const std::int32_t*, std::int64_t, float*, std::int64_t,
                         const float*, const float*, std::int64_t);
    using Two = void (*)(const float*, std::int64_t, const std::int32_t*, std::int64_t, float*, std::int64_t,
                         const float*, const float*, std::int64_t, const float*, std::int64_t);
    const std::int64_t units = problem.out_c;
    if (operands.empty()) {
      kernels.dense(index)(src.data(), inputs, list, count, dst.data(), units, weights.data());
    } else if (operands.size() == 1) {
      reinterpret_cast<One>(kernels.address(index))(src.data(), inputs, list, count, dst.data(), units, weights.data(),
                                                    operands[0]->data(), units);
    } else {
      reinterpret_cast<Two>(kernels.address(index))(src.data(), inputs, list, count, dst.data(), units, weights.data(),
                                                    operands[0]->data(), units, operands[1]->data(), units);
    }
    return dst.values();
  }
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b, std::size_t first, std::size_t count) {
  return std::equal(a.begin() + static_cast<std::ptrdiff_t>(first),
                    a.begin() + static_cast<std::ptrdiff_t>(first + count),
                    b.begin() + static_cast<std::ptrdiff_t>(first));
}

void check(const DenseRun& run) {
  const auto inputs = source_floats(run.problem);
  const auto units = static_cast<std::size_t>(run.problem.out_c);
  const std::vector<float> all = run.run(nullptr, capacity, GuardedRow::Side::end);
  std::size_t wrong_values = 0;
  std::size_t changed_rows = 0;
  std::size_t touched_rows = 0;
  std::mt19937 random(7);
  const Weights weights = random_weights(run.problem, random);
  for (std::size_t row = 0; row < capacity; ++row) {
    const std::vector<float> src(run.sources.begin() + static_cast<std::ptrdiff_t>(row * inputs),
                                 run.sources.begin() + static_cast<std::ptrdiff_t>((row + 1) * inputs));
    std::vector<std::vector<float>> further;
    for (const std::vector<float>& all_rows : run.further) {
      further.emplace_back(all_rows.begin() + static_cast<std::ptrdiff_t>(row * units),
                           all_rows.begin() + static_cast<std::ptrdiff_t>((row + 1) * units));
    }
    const Expected expected = run_naive(run.problem, weights, src, further);
    for (std::size_t unit = 0; unit < units; ++unit) {
      const double difference = std::abs(all[row * units + unit] - expected.values[unit]);
      if (!(difference <= 2e-6 * expected.scale[unit])) ++wrong_values;
    }
  }
  for (std::int64_t count = 0; count <= static_cast<std::int64_t>(capacity); ++count) {
    std::vector<std::int32_t> rows(capacity);
    std::iota(rows.begin(), rows.end(), 0);
    std::shuffle(rows.begin(), rows.end(), random);
    rows.resize(static_cast<std::size_t>(count));
    const std::vector<float> some = run.run(&rows, count, GuardedRow::Side::begin);
    for (std::size_t row = 0; row < capacity; ++row) {
      if (std::find(rows.begin(), rows.end(), static_cast<std::int32_t>(row)) != rows.end()) {
        if (!same_bits(all, some, row * units, units)) ++changed_rows;
      } else if (!std::all_of(some.begin() + static_cast<std::ptrdiff_t>(row * units),
                              some.begin() + static_cast<std::ptrdiff_t>((row + 1) * units),
                              [](float value) { return std::isnan(value); })) {
        ++touched_rows;
      }
    }
  }
  CHECK(wrong_values == 0);
  CHECK(changed_rows == 0);
  CHECK(touched_rows == 0);
}

}  // namespace

TEST_CASE("dense layers give each listed row the right values, and the same bits in every group") {
  const std::vector<KernelProblem> problems{
      dense(1, 1),
      dense(3, 5),
      dense(128, 2, relu_stage()),
      dense(392, 2),
      dense(100, 10, applied([](const expr::Value& x) { return expr::leaky_relu(x, 0.1); })),
      dense(33, 9, applied(expr::gelu)),
      dense(600, 31),
      dense(7, 70, relu_stage()),
      dense(5, 16),
      dense(128, 64),
      dense(77, 130, applied(expr::silu)),
      dense(2500, 75, relu_stage()),
      dense(1030, 200),
      dense(1030, 200, added_and_relu()),
      dense(40, 10, added_and_relu()),
      dense(70, 75, gated_and_gelu()),
      dense(40, 10, gated_and_gelu()),
  };
  for (const CpuLevel& cpu : runnable_levels()) {
    for (const int level : {0, 2}) {
      const CompiledKernels kernels(problems, cpu, level);
      for (std::size_t i = 0; i < problems.size(); ++i) {
        CAPTURE(describe(problems[i]));
        CAPTURE(cpu.cpu);
        CAPTURE(level);
        std::mt19937 random(7);
        const Weights weights = random_weights(problems[i], random);
        check({kernels, i, problems[i], pack(codegen::choose_pack(problems[i], cpu.target), weights),
               random_floats(capacity * source_floats(problems[i]), random),
               random_further(problems[i], capacity, random)});
      }
    }
  }
}
