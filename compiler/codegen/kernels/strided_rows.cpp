// See strided_rows.h. A tap of a strided window needs every stride-th column: `stride` whole vectors are loaded and the
// lanes picked by shuffles; taps that fall between the same columns share the loads.
#include "codegen/kernels/strided_rows.h"

#include <algorithm>

namespace d2nn::codegen {

namespace {

// Runs beyond this are looped over.
constexpr std::int64_t max_unrolled_runs = 6;

llvm::Value* pick_lanes(KernelBuilder& kernel, const Values& loads, std::int64_t phase, std::int64_t stride,
                        int lanes) {
  if (stride == 1) return loads[0];
  llvm::Value* picked = loads[0];
  for (std::int64_t source = 1; source < stride; ++source) {
    llvm::SmallVector<int, 16> mask;
    for (int lane = 0; lane < lanes; ++lane) {
      const std::int64_t element = phase + lane * stride;
      const std::int64_t place = element % lanes;
      if (element / lanes == source) {
        mask.push_back(static_cast<int>(lanes + place));
      } else if (source == 1) {
        mask.push_back(element < lanes ? static_cast<int>(place) : -1);
      } else {
        mask.push_back(lane);
      }
    }
    picked = kernel.ir().CreateShuffleVector(picked, loads[static_cast<std::size_t>(source)], mask);
  }
  return picked;
}

// run: the number of the run when it is known, else -1 for a run whose columns are all inside the row.
void emit_run(KernelBuilder& kernel, const RowWindow& window, llvm::Value* first, std::int64_t run, LoadColumns load,
              llvm::function_ref<void(const RowRun&)> body) {
  const int widest = kernel.lanes();
  RowRun result{first, widest, widest, {}};
  if (run >= 0) {
    result.count = std::min<std::int64_t>(widest, window.out_width - run * widest);
    result.lanes = lanes_for(result.count, widest);
  }
  llvm::Value* column = kernel.add(kernel.multiply(first, window.stride), -window.pad);
  Values loads;
  std::int64_t anchor = 0;
  for (std::int64_t tap = 0; tap < window.taps; ++tap) {
    const std::int64_t offset = tap * window.dilation;
    if (tap == 0 || offset - anchor >= window.stride) {
      anchor = offset;
      loads.clear();
      for (std::int64_t part = 0; part < window.stride; ++part) {
        const std::int64_t shift = anchor + part * result.lanes;
        LaneRange valid{0, result.lanes};
        if (run >= 0) {
          const std::int64_t start = run * widest * window.stride - window.pad + shift;
          valid = {std::max<std::int64_t>(0, -start), std::min<std::int64_t>(result.lanes, window.in_width - start)};
        }
        loads.push_back(load(kernel.add(column, shift), result.lanes, valid));
      }
    }
    result.taps.push_back(pick_lanes(kernel, loads, offset - anchor, window.stride, result.lanes));
  }
  body(result);
}

}  // namespace

void for_each_run(KernelBuilder& kernel, const RowWindow& window, LoadColumns load,
                  llvm::function_ref<void(const RowRun&)> body) {
  const std::int64_t widest = kernel.lanes();
  const std::int64_t runs = ceil_div(window.out_width, widest);
  // Runs [inner, outer) read only columns of the row and are full.
  std::int64_t inner = 0;
  std::int64_t outer = 0;
  if (runs > max_unrolled_runs) {
    inner = ceil_div(window.pad, widest * window.stride);
    outer = window.out_width / widest;
    const std::int64_t reach = (window.taps - 1) * window.dilation - window.pad;
    while (outer > inner && outer * widest * window.stride + reach > window.in_width) --outer;
    outer = std::max(inner, outer);
    inner = std::min(inner, runs);
    outer = std::min(outer, runs);
  }
  for (std::int64_t run = 0; run < inner; ++run) {
    emit_run(kernel, window, kernel.index(run * widest), run, load, body);
  }
  kernel.loop(outer - inner, [&](llvm::Value* round) {
    emit_run(kernel, window, kernel.multiply(kernel.add(round, inner), widest), -1, load, body);
  });
  for (std::int64_t run = outer; run < runs; ++run) {
    emit_run(kernel, window, kernel.index(run * widest), run, load, body);
  }
}

}  // namespace d2nn::codegen
