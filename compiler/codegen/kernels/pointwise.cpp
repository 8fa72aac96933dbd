// See pointwise.h. The elementwise walk is unrolled fourfold; remainders use masked vectors, so that no kernel touches
// a float that is not its own.
#include "codegen/kernels/pointwise.h"

#include <algorithm>

namespace d2nn::codegen {

namespace {

constexpr std::int64_t unrolled_vectors = 4;

// body(offset, lanes, count): vectors over [0, count), the last possibly partial.
void for_each_vector(KernelBuilder& kernel, std::int64_t count,
                     llvm::function_ref<void(llvm::Value* offset, int lanes, std::int64_t count)> body) {
  const int lanes = kernel.lanes();
  const std::int64_t step = unrolled_vectors * lanes;
  const std::int64_t rounds = count / step;
  kernel.loop(rounds, [&](llvm::Value* round) {
    for (std::int64_t v = 0; v < unrolled_vectors; ++v) {
      body(kernel.add(kernel.multiply(round, step), v * lanes), lanes, lanes);
    }
  });
  for (std::int64_t offset = rounds * step; offset < count; offset += lanes) {
    const std::int64_t rest = std::min<std::int64_t>(lanes, count - offset);
    body(kernel.index(offset), lanes_for(rest, lanes), rest);
  }
}

std::int64_t elements(const KernelProblem& problem) {
  return problem.in_c * problem.in_h * problem.in_w;
}

// dst[i] = f(src[i]) for i < count; dst may equal src.
void emit_elementwise(KernelBuilder& kernel, llvm::Value* src, llvm::Value* dst, std::int64_t count,
                      llvm::function_ref<llvm::Value*(llvm::Value*)> f) {
  for_each_vector(kernel, count, [&](llvm::Value* offset, int lanes, std::int64_t valid) {
    llvm::Value* x = kernel.load_lanes(kernel.at(src, offset), lanes, {0, valid}, 0.0F);
    kernel.store_first(f(x), kernel.at(dst, offset), valid);
  });
}

}  // namespace

void emit_scale(KernelBuilder& kernel, const KernelProblem& problem) {
  const std::int64_t pixels = problem.in_h * problem.in_w;
  llvm::Value* src = kernel.argument(0);
  llvm::Value* dst = kernel.argument(1);
  llvm::Value* scales = kernel.argument(2);
  llvm::Value* shifts = kernel.at(scales, problem.in_c);
  if (pixels == 1) {
    for_each_vector(kernel, problem.in_c, [&](llvm::Value* offset, int lanes, std::int64_t count) {
      const auto load = [&](llvm::Value* base) {
        return kernel.load_lanes(kernel.at(base, offset), lanes, {0, count}, 0.0F);
      };
      kernel.store_first(kernel.multiply_add(load(src), load(scales), load(shifts)), kernel.at(dst, offset), count);
    });
    return;
  }
  kernel.loop(problem.in_c, [&](llvm::Value* channel) {
    llvm::Value* offset = kernel.multiply(channel, pixels);
    emit_elementwise(kernel, kernel.at(src, offset), kernel.at(dst, offset), pixels, [&](llvm::Value* x) {
      const auto lanes = static_cast<int>(llvm::cast<llvm::FixedVectorType>(x->getType())->getNumElements());
      return kernel.multiply_add(x, kernel.load_splat(kernel.at(scales, channel), lanes),
                                 kernel.load_splat(kernel.at(shifts, channel), lanes));
    });
  });
}

void emit_copy(KernelBuilder& kernel, const KernelProblem& problem) {
  emit_elementwise(kernel, kernel.argument(0), kernel.argument(1), elements(problem), [](llvm::Value* x) { return x; });
}

}  // namespace d2nn::codegen
