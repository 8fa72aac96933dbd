// How a convolution is cut up, from its sizes and the target's registers; the packing, the scratch size and the code
// all follow from one plan.
//
// A convolution runs over its output as a flat list of pixels, because rows of 28 or 14 pixels do not fill vectors. To
// make every tap of the kernel a plain load at a fixed distance, the source is first staged in scratch: one plane per
// kernel column, already shifted, strided and zero padded to the output's width, so that rows follow each other without
// a gap. The rows are staged in the order of their remainder by the vertical stride ("phases") for the same reason.
//   staged[channel][kernel column][phase][row][conv_w]
// Staging costs a few per cent of the multiplications' time; 1x1 convolutions of stride 1 read the source directly.
// Large images are done in bands of output rows so that the staged rows stay in cache.
#pragma once

#include <llvm/ADT/SmallVector.h>

#include <cstdint>

#include "codegen/kernels/kernels.h"

namespace d2nn::codegen {

/// The pixels of a band as register groups of vectors: `large` groups of size + 1 vectors, then `small` groups of size
/// vectors, all full; then, when the last vector is not full, one group of `size` vectors whose last holds `partial`
/// pixels.
struct PixelGroups {
  std::int64_t size = 1;
  std::int64_t large = 0;
  std::int64_t small = 0;
  std::int64_t partial = 0;
};

struct ConvPlan {
  std::int64_t in_per_group = 1;
  std::int64_t out_per_group = 1;
  std::int64_t conv_h = 1, conv_w = 1;  ///< the convolution's own result, before a fused pool

  std::int64_t block = 1;   ///< output channels in registers, and of the packing
  std::int64_t blocks = 1;  ///< of one group of channels
  PixelGroups pixels;

  bool is_staged = true;
  std::int64_t bands = 1;
  std::int64_t band_rows = 1;                 ///< conv rows per band
  llvm::SmallVector<std::int64_t, 4> phases;  ///< remainders by stride_h that kernel rows have
  std::int64_t phase_rows = 1;                ///< staged rows of one phase
  std::int64_t plane_floats = 0;              ///< of one phase, with slack behind
  llvm::SmallVector<std::int64_t, 8>
      row_offsets;                 ///< by kernel row: distance from a pixel to its tap, in a channel's first plane
  std::int64_t column_pitch = 0;   ///< from one kernel column's planes to the next
  std::int64_t channel_pitch = 0;  ///< from one input channel to the next, in what is read

  std::int64_t pool_rows = 0;      ///< rows of the fused pool per band; 0: no pool
  std::int64_t carried_rows = 0;   ///< conv rows that the next band needs again
  std::int64_t buffer_pitch = 0;   ///< floats of one channel in the buffer of conv rows
  std::int64_t buffer_offset = 0;  ///< of that buffer in scratch

  std::int64_t scratch = 0;  ///< floats
};

ConvPlan plan_conv(const KernelProblem& problem, const TargetInfo& target);

}  // namespace d2nn::codegen
