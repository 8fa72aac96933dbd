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

/// A run of output pixels of one row.
struct RowRun {
  llvm::Value* first;  ///< the first pixel, i64
  int lanes;           ///< width of the vectors
  std::int64_t count;  ///< pixels that exist; the lanes behind hold anything
  Values taps;         ///< one vector per tap
};

/// Gives columns column .. column + lanes - 1 of the row (or of what several rows combine to); only lanes in `valid`
/// may be read, the others must be what the window sees outside the row.
using LoadColumns = llvm::function_ref<llvm::Value*(llvm::Value* column, int lanes, LaneRange valid)>;

/// Emits code for all runs of the row from left to right: unrolled when the row is short, else a loop over the runs
/// that need no care at the borders.
void for_each_run(KernelBuilder& kernel, const RowWindow& window, LoadColumns load,
                  llvm::function_ref<void(const RowRun&)> body);

}  // namespace d2nn::codegen
