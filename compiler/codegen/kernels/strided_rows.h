// Reading a row of an image for a window that slides over it: for each run of output pixels, one vector per tap of the
// window, with strides taken apart by shuffles and everything outside the row filled. Staging of convolutions and
// pooling are written with it.
#pragma once

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

/// A window that slides over a row. Output pixel o at tap t reads column o * stride + t * dilation - pad, where that is
/// in [0, in_width).
struct RowWindow {
  std::int64_t taps = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad = 0;
  std::int64_t in_width = 1;
  std::int64_t out_width = 1;
};

/// A run of output pixels of one row: where it stands.
struct RunPlace {
  llvm::Value* first;  ///< the first pixel, i64
  int lanes;           ///< width of the vectors
  std::int64_t count;  ///< pixels that exist; the lanes behind hold anything
  std::int64_t run;    ///< its number in the row, or -1: any run whose columns are all inside the row
};

/// The same with what the window sees there.
struct RowRun : RunPlace {
  Values taps;  ///< one vector per tap
};

/// Gives columns column .. column + lanes - 1 of the row (or of what several rows combine to); only lanes in `valid`
/// may be read, the others must be what the window sees outside the row.
using LoadColumns = llvm::function_ref<llvm::Value*(llvm::Value* column, int lanes, LaneRange valid)>;

/// One vector per tap of the window at this place.
Values load_taps(KernelBuilder& kernel, const RowWindow& window, const RunPlace& place, LoadColumns load);

/// Calls `body` for all runs of the row from left to right, up to `group` neighbouring ones at a time: unrolled when
/// the row is short, else in a loop over the runs that need no care at the borders.
void for_each_run_group(KernelBuilder& kernel, const RowWindow& window, std::int64_t group,
                        llvm::function_ref<void(llvm::ArrayRef<RunPlace>)> body);

/// The same one by one, with taps.
void for_each_run(KernelBuilder& kernel, const RowWindow& window, LoadColumns load,
                  llvm::function_ref<void(const RowRun&)> body);

}  // namespace d2nn::codegen
