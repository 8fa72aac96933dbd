// See pointwise.h. The elementwise walk is unrolled fourfold; remainders use masked vectors, so that no kernel touches
// a float that is not its own.
#include "codegen/kernels/pointwise.h"

#include <algorithm>
#include <limits>

#include "codegen/kernels/math.h"

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

// A row of `channels` values: reductions by lane, then over the lanes.
void emit_vector_softmax(KernelBuilder& kernel, std::int64_t channels) {
  constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
  auto& ir = kernel.ir();
  const int lanes = kernel.lanes();
  const std::int64_t full = channels / lanes;
  const std::int64_t rest = channels % lanes;
  llvm::Value* src = kernel.argument(0);
  llvm::Value* dst = kernel.argument(1);
  const auto reduce = [&](float start,
                          llvm::function_ref<llvm::Value*(llvm::Value*, llvm::Value*, int, std::int64_t)> f) {
    Values result = kernel.loop(full, {kernel.splat(start, lanes)}, [&](llvm::Value* i, const Values& carried) {
      return Values{f(carried[0], kernel.multiply(i, lanes), lanes, lanes)};
    });
    return rest == 0 ? result[0] : f(result[0], kernel.index(full * lanes), lanes, rest);
  };
  llvm::Value* greatest = kernel.max_lanes(
      reduce(minus_infinity, [&](llvm::Value* sofar, llvm::Value* offset, int width, std::int64_t count) {
        return kernel.maximum(sofar, kernel.load_lanes(kernel.at(src, offset), width, {0, count}, minus_infinity));
      }));
  greatest = ir.CreateVectorSplat(static_cast<unsigned>(lanes), greatest);
  llvm::Value* sum =
      kernel.sum_lanes(reduce(0.0F, [&](llvm::Value* sofar, llvm::Value* offset, int width, std::int64_t count) {
        llvm::Value* x = kernel.load_lanes(kernel.at(src, offset), width, {0, count}, minus_infinity);
        llvm::Value* e = emit_exp(kernel, ir.CreateFSub(x, greatest));
        kernel.store_first(e, kernel.at(dst, offset), count);
        return ir.CreateFAdd(sofar, e);
      }));
  emit_elementwise(kernel, dst, dst, channels, [&](llvm::Value* e) {
    const auto width = llvm::cast<llvm::FixedVectorType>(e->getType())->getNumElements();
    return ir.CreateFDiv(e, ir.CreateVectorSplat(width, sum));
  });
}

// Over the channels of each pixel, vectors of pixels side by side.
void emit_image_softmax(KernelBuilder& kernel, std::int64_t channels, std::int64_t pixels) {
  auto& ir = kernel.ir();
  llvm::Value* src = kernel.argument(0);
  llvm::Value* dst = kernel.argument(1);
  const auto run = [&](llvm::Value* pixel, int lanes, std::int64_t count) {
    const auto place = [&](llvm::Value* base, llvm::Value* channel) {
      return kernel.at(base, kernel.add(kernel.multiply(channel, pixels), pixel));
    };
    llvm::Value* start = kernel.load_lanes(kernel.at(src, pixel), lanes, {0, count}, 0.0F);
    const Values greatest = kernel.loop(channels, {start}, [&](llvm::Value* channel, const Values& carried) {
      return Values{kernel.maximum(carried[0], kernel.load_lanes(place(src, channel), lanes, {0, count}, 0.0F))};
    });
    const Values sum =
        kernel.loop(channels, {kernel.splat(0.0F, lanes)}, [&](llvm::Value* channel, const Values& carried) {
          llvm::Value* x = kernel.load_lanes(place(src, channel), lanes, {0, count}, 0.0F);
          llvm::Value* e = emit_exp(kernel, ir.CreateFSub(x, greatest[0]));
          kernel.store_first(e, place(dst, channel), count);
          return Values{ir.CreateFAdd(carried[0], e)};
        });
    kernel.loop(channels, [&](llvm::Value* channel) {
      llvm::Value* e = kernel.load_lanes(place(dst, channel), lanes, {0, count}, 0.0F);
      kernel.store_first(ir.CreateFDiv(e, sum[0]), place(dst, channel), count);
    });
  };
  const int lanes = kernel.lanes();
  kernel.loop(pixels / lanes, [&](llvm::Value* i) { run(kernel.multiply(i, lanes), lanes, lanes); });
  if (pixels % lanes != 0) {
    run(kernel.index(pixels / lanes * lanes), lanes_for(pixels % lanes, lanes), pixels % lanes);
  }
}

}  // namespace

void emit_elementwise(KernelBuilder& kernel, llvm::Value* src, llvm::Value* dst, std::int64_t count,
                      llvm::function_ref<llvm::Value*(llvm::Value*)> f) {
  for_each_vector(kernel, count, [&](llvm::Value* offset, int lanes, std::int64_t valid) {
    llvm::Value* x = kernel.load_lanes(kernel.at(src, offset), lanes, {0, valid}, 0.0F);
    kernel.store_first(f(x), kernel.at(dst, offset), valid);
  });
}

void emit_activation_layer(KernelBuilder& kernel, const KernelProblem& problem, Activation activation) {
  emit_elementwise(kernel, kernel.argument(0), kernel.argument(1), elements(problem),
                   [&](llvm::Value* x) { return emit_activation(kernel, activation, problem.alpha, x); });
}

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

void emit_softmax(KernelBuilder& kernel, const KernelProblem& problem) {
  const std::int64_t pixels = problem.in_h * problem.in_w;
  if (pixels == 1) return emit_vector_softmax(kernel, problem.in_c);
  emit_image_softmax(kernel, problem.in_c, pixels);
}

void emit_pad_channels(KernelBuilder& kernel, const KernelProblem& problem) {
  const std::int64_t pixels = problem.in_h * problem.in_w;
  llvm::Value* dst = kernel.argument(1);
  const auto clear = [&](std::int64_t first, std::int64_t channels) {
    for_each_vector(kernel, channels * pixels, [&](llvm::Value* offset, int lanes, std::int64_t count) {
      kernel.store_first(kernel.splat(0.0F, lanes), kernel.at(dst, kernel.add(offset, first * pixels)), count);
    });
  };
  // The copy first: with dst == src and nothing before, it does nothing.
  emit_elementwise(kernel, kernel.argument(0), kernel.at(dst, problem.before * pixels), elements(problem),
                   [](llvm::Value* x) { return x; });
  clear(0, problem.before);
  clear(problem.before + problem.in_c, problem.after);
}

void emit_copy(KernelBuilder& kernel, const KernelProblem& problem) {
  emit_elementwise(kernel, kernel.argument(0), kernel.argument(1), elements(problem), [](llvm::Value* x) { return x; });
}

void emit_binary(KernelBuilder& kernel, const KernelProblem& problem) {
  auto& ir = kernel.ir();
  for_each_vector(kernel, elements(problem), [&](llvm::Value* offset, int lanes, std::int64_t count) {
    const auto load = [&](unsigned argument) {
      return kernel.load_lanes(kernel.at(kernel.argument(argument), offset), lanes, {0, count}, 0.0F);
    };
    llvm::Value* a = load(0);
    llvm::Value* b = load(1);
    llvm::Value* result = problem.kind == ops::Kernel::add ? ir.CreateFAdd(a, b) : ir.CreateFMul(a, b);
    kernel.store_first(result, kernel.at(kernel.argument(2), offset), count);
  });
}

}  // namespace d2nn::codegen
