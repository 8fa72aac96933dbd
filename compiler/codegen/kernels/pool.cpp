// Pooling over planar rows: the rows of a window are combined first, whole vectors at a time, then the columns. Rows
// outside the image are read from a constant row of what padding counts as (minus infinity, zero).
#include "codegen/kernels/pool.h"

#include <limits>

namespace d2nn::codegen {

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

RowWindow window_of(const KernelProblem& problem) {
  return {problem.kernel_w, problem.stride_w, problem.dilation_w, problem.pad_w, problem.in_w, problem.out_w};
}

using Combine = llvm::function_ref<llvm::Value*(llvm::Value*, llvm::Value*)>;

llvm::Value* combine_all(const Values& values, Combine combine) {
  llvm::Value* result = values[0];
  for (std::size_t i = 1; i < values.size(); ++i) result = combine(result, values[i]);
  return result;
}

// Kernels taller than this loop over their rows.
constexpr std::int64_t max_unrolled_rows = 8;

// The rows of a window combined at some columns; `line` gives the address of a kernel row.
llvm::Value* combine_rows(KernelBuilder& kernel, std::int64_t kernel_h, int lanes, LaneRange valid, float fill,
                          llvm::function_ref<llvm::Value*(llvm::Value* row)> line, llvm::Value* column,
                          Combine combine) {
  if (valid.is_empty()) return kernel.splat(fill, lanes);
  const auto load = [&](llvm::Value* row) {
    return kernel.load_lanes(kernel.at(line(row), column), lanes, valid, fill);
  };
  llvm::Value* result = load(kernel.index(0));
  if (kernel_h <= max_unrolled_rows) {
    for (std::int64_t row = 1; row < kernel_h; ++row) result = combine(result, load(kernel.index(row)));
    return result;
  }
  return kernel.loop(kernel_h - 1, {result}, [&](llvm::Value* row, const Values& carried) {
    return Values{combine(carried[0], load(kernel.add(row, 1)))};
  })[0];
}

// Every output row of every channel; `finish` makes the result of what `combine` gathers.
void emit_window_pool(KernelBuilder& kernel, const KernelProblem& problem, float fill, Combine combine,
                      llvm::function_ref<llvm::Value*(llvm::Value*)> finish) {
  auto& ir = kernel.ir();
  llvm::Value* outside = kernel.constant_row("outside", fill, problem.in_w);
  kernel.loop(problem.in_c, [&](llvm::Value* channel) {
    llvm::Value* image = kernel.at(kernel.argument(0), kernel.multiply(channel, problem.in_h * problem.in_w));
    llvm::Value* result = kernel.at(kernel.argument(1), kernel.multiply(channel, problem.out_h * problem.out_w));
    kernel.loop(problem.out_h, [&](llvm::Value* out_row) {
      llvm::Value* top = kernel.add(kernel.multiply(out_row, problem.stride_h), -problem.pad_h);
      const auto line = [&](llvm::Value* row) {
        llvm::Value* y = kernel.add(top, kernel.multiply(row, problem.dilation_h));
        llvm::Value* inside = kernel.at(image, kernel.multiply(y, problem.in_w));
        return ir.CreateSelect(ir.CreateICmpULT(y, kernel.index(problem.in_h)), inside, outside);
      };
      llvm::Value* to = kernel.at(result, kernel.multiply(out_row, problem.out_w));
      for_each_run(
          kernel, window_of(problem),
          [&](llvm::Value* column, int lanes, LaneRange valid) {
            return combine_rows(kernel, problem.kernel_h, lanes, valid, fill, line, column, combine);
          },
          [&](const RowRun& run) {
            kernel.store_first(finish(combine_all(run.taps, combine)), kernel.at(to, run.first), run.count);
          });
    });
  });
}

}  // namespace

void emit_pool(KernelBuilder& kernel, const KernelProblem& problem) {
  auto& ir = kernel.ir();
  if (problem.kind == ops::Kernel::max_pool) {
    emit_window_pool(
        kernel, problem, minus_infinity, [&](llvm::Value* a, llvm::Value* b) { return kernel.maximum(a, b); },
        [](llvm::Value* greatest) { return greatest; });
    return;
  }
  // Padding counts: the divisor is the size of the window everywhere.
  const auto divisor = static_cast<float>(problem.kernel_h * problem.kernel_w);
  emit_window_pool(
      kernel, problem, 0.0F, [&](llvm::Value* a, llvm::Value* b) { return ir.CreateFAdd(a, b); },
      [&](llvm::Value* sum) {
        const auto lanes = llvm::cast<llvm::FixedVectorType>(sum->getType())->getNumElements();
        return ir.CreateFDiv(sum, kernel.splat(divisor, static_cast<int>(lanes)));
      });
}

void emit_global_pool(KernelBuilder& kernel, const KernelProblem& problem) {
  constexpr std::int64_t chains = 4;
  auto& ir = kernel.ir();
  const std::int64_t pixels = problem.in_h * problem.in_w;
  const int lanes = kernel.lanes();
  kernel.loop(problem.in_c, [&](llvm::Value* channel) {
    llvm::Value* image = kernel.at(kernel.argument(0), kernel.multiply(channel, pixels));
    const Values zeros(chains, kernel.splat(0.0F, lanes));
    const std::int64_t rounds = pixels / (chains * lanes);
    Values sums = kernel.loop(rounds, zeros, [&](llvm::Value* round, const Values& carried) {
      Values next;
      for (std::int64_t chain = 0; chain < chains; ++chain) {
        llvm::Value* from = kernel.at(image, kernel.add(kernel.multiply(round, chains * lanes), chain * lanes));
        next.push_back(ir.CreateFAdd(carried[static_cast<std::size_t>(chain)], kernel.load(from, lanes)));
      }
      return next;
    });
    const std::int64_t done = rounds * chains * lanes;
    for (std::int64_t chain = 0; done + chain * lanes < pixels; ++chain) {
      const std::int64_t start = done + chain * lanes;
      llvm::Value* rest = kernel.load_lanes(kernel.at(image, start), lanes, {0, pixels - start}, 0.0F);
      llvm::Value*& sum = sums[static_cast<std::size_t>(chain)];
      sum = ir.CreateFAdd(sum, rest);
    }
    llvm::Value* total = ir.CreateFAdd(ir.CreateFAdd(sums[0], sums[1]), ir.CreateFAdd(sums[2], sums[3]));
    llvm::Value* mean =
        ir.CreateFDiv(kernel.sum_lanes(total), llvm::ConstantFP::get(ir.getFloatTy(), static_cast<double>(pixels)));
    kernel.store(mean, kernel.at(kernel.argument(1), channel));
  });
}

void emit_relu_pool_row(KernelBuilder& kernel, const RowWindow& window, std::int64_t kernel_h, std::int64_t pitch,
                        llvm::Value* rows, llvm::Value* dst) {
  auto& ir = kernel.ir();
  const auto greater = [&](llvm::Value* a, llvm::Value* b) {
    const auto lanes = llvm::cast<llvm::FixedVectorType>(a->getType())->getNumElements();
    llvm::Type* integers = llvm::FixedVectorType::get(ir.getInt32Ty(), lanes);
    llvm::Value* greatest = ir.CreateIntrinsic(llvm::Intrinsic::umax, {integers},
                                               {ir.CreateBitCast(a, integers), ir.CreateBitCast(b, integers)});
    return ir.CreateBitCast(greatest, a->getType());
  };
  const auto line = [&](llvm::Value* row) { return kernel.at(rows, kernel.multiply(row, pitch)); };
  for_each_run(
      kernel, window,
      [&](llvm::Value* column, int lanes, LaneRange valid) {
        return combine_rows(kernel, kernel_h, lanes, valid, 0.0F, line, column, greater);
      },
      [&](const RowRun& run) {
        kernel.store_first(combine_all(run.taps, greater), kernel.at(dst, run.first), run.count);
      });
}

llvm::Value* relu_for_pool(KernelBuilder& kernel, llvm::Value* x) {
  llvm::Value* zero = llvm::Constant::getNullValue(x->getType());
  return kernel.ir().CreateSelect(kernel.ir().CreateFCmpUGT(x, zero), x, zero);
}

}  // namespace d2nn::codegen
