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

RunPlace place_of(KernelBuilder& kernel, const RowWindow& window, std::int64_t run) {
  const int widest = kernel.lanes();
  const std::int64_t count = std::min<std::int64_t>(widest, window.out_width - run * widest);
  return {kernel.index(run * widest), lanes_for(count, widest), count, run};
}

}  // namespace

Values load_taps(KernelBuilder& kernel, const RowWindow& window, const RunPlace& place, LoadColumns load) {
  llvm::Value* column = kernel.add(kernel.multiply(place.first, window.stride), -window.pad);
  Values taps;
  Values loads;
  std::int64_t anchor = 0;
  for (std::int64_t tap = 0; tap < window.taps; ++tap) {
    const std::int64_t offset = tap * window.dilation;
    if (tap == 0 || offset - anchor >= window.stride) {
      anchor = offset;
      loads.clear();
      for (std::int64_t part = 0; part < window.stride; ++part) {
        const std::int64_t shift = anchor + part * place.lanes;
        LaneRange valid{0, place.lanes};
        if (place.run >= 0) {
          const std::int64_t start = place.run * kernel.lanes() * window.stride - window.pad + shift;
          valid = {std::max<std::int64_t>(0, -start), std::min<std::int64_t>(place.lanes, window.in_width - start)};
        }
        loads.push_back(load(kernel.add(column, shift), place.lanes, valid));
      }
    }
    taps.push_back(pick_lanes(kernel, loads, offset - anchor, window.stride, place.lanes));
  }
  return taps;
}

void for_each_run_group(KernelBuilder& kernel, const RowWindow& window, std::int64_t group,
                        llvm::function_ref<void(llvm::ArrayRef<RunPlace>)> body) {
  const std::int64_t widest = kernel.lanes();
  const std::int64_t runs = ceil_div(window.out_width, widest);
  // Runs [first, last) at known places, in groups as even as can be.
  const auto at_known_places = [&](std::int64_t first, std::int64_t last) {
    while (first < last) {
      const std::int64_t size = ceil_div(last - first, ceil_div(last - first, group));
      llvm::SmallVector<RunPlace, 8> places;
      for (std::int64_t run = first; run < first + size; ++run) places.push_back(place_of(kernel, window, run));
      body(places);
      first += size;
    }
  };
  if (runs <= max_unrolled_runs) return at_known_places(0, runs);
  // Runs [inner, outer) read only columns of the row and are full.
  const std::int64_t inner = std::min(runs, ceil_div(window.pad, widest * window.stride));
  std::int64_t outer = window.out_width / widest;
  const std::int64_t reach = (window.taps - 1) * window.dilation - window.pad;
  while (outer > inner && outer * widest * window.stride + reach > window.in_width) --outer;
  const std::int64_t rounds = std::max<std::int64_t>(0, outer - inner) / group;
  at_known_places(0, inner);
  kernel.loop(rounds, [&](llvm::Value* round) {
    llvm::SmallVector<RunPlace, 8> places;
    llvm::Value* first = kernel.add(kernel.multiply(round, group * widest), inner * widest);
    for (std::int64_t i = 0; i < group; ++i) {
      places.push_back({kernel.add(first, i * widest), kernel.lanes(), widest, -1});
    }
    body(places);
  });
  at_known_places(inner + rounds * group, runs);
}

void for_each_run(KernelBuilder& kernel, const RowWindow& window, LoadColumns load,
                  llvm::function_ref<void(const RowRun&)> body) {
  for_each_run_group(kernel, window, 1, [&](llvm::ArrayRef<RunPlace> places) {
    body({places.front(), load_taps(kernel, window, places.front(), load)});
  });
}

}  // namespace d2nn::codegen
