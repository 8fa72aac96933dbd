// How a convolution is cut up, from its sizes and the target's registers; the packing, the scratch size and the code
// all follow from one plan.
//
// A convolution runs over its output as a flat list of pixels, because rows of 28 or 14 pixels do not fill vectors.
// Every tap of the kernel is then one vector load at a fixed distance from the pixel, if what it reads can be made flat
// too:
//   point   1x1, stride 1: it is already.
//   masked  stride 1 and an output as wide as the source: flat except at the borders, where a table says which lanes
//   are
//           outside. Needs masked loads that cost no more than others (AVX-512).
//   staged  anything else: the source is copied to scratch first, one plane per kernel column, already shifted, strided
//   and
//           zero padded to the output's width, so that rows follow each other without a gap; the rows in the order of
//           their remainder by the vertical stride ("phases"): staged[channel][kernel column][phase][row][conv_w].
// With few channels there is too little work to pay for staging:
//   rows    one output row at a time straight from the source, strides taken apart in registers (strided_rows.h). Needs
//           rows that fill vectors, and many registers.
// Large images are done in bands of output rows so that what is staged, or waits for a fused pool, stays in cache.
#pragma once

#include <llvm/ADT/SmallVector.h>

#include <cstdint>
#include <vector>

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

enum class ConvSource : std::uint8_t { point, masked, staged, rows };

struct ConvPlan {
  ConvSource source = ConvSource::staged;
  std::int64_t in_per_group = 1;
  std::int64_t out_per_group = 1;
  std::int64_t conv_h = 1, conv_w = 1;  ///< the convolution's own result, before a fused pool

  /// staged: the sums of a band are made in `passes` over the input channels, `pass_channels` each, and wait in the
  /// result between them, so that what a pass reads stays in the nearest caches. 1 elsewhere.
  std::int64_t passes = 1;
  std::int64_t pass_channels = 1;

  std::int64_t block = 1;   ///< output channels in registers, and of the packing
  std::int64_t blocks = 1;  ///< of one group of channels
  PixelGroups pixels;

  std::int64_t bands = 1;
  std::int64_t band_rows = 1;  ///< conv rows per band

  std::int64_t channel_pitch = 0;  ///< from one input channel to the next, in what is read
  std::int64_t column_pitch = 0;   ///< from one kernel column's tap to the next
  /// By kernel row: distance from where a pixel is read for the first kernel column.
  llvm::SmallVector<std::int64_t, 8> row_offsets;

  /// masked: lanes inside the source, [class][vector of a band][tap]; bands whose lanes agree share a class.
  std::vector<std::uint16_t> masks;
  llvm::SmallVector<std::int64_t, 8> band_classes;  ///< by band
  std::vector<bool> full_taps;                      ///< by tap: no lane of any full vector is ever outside

  /// staged
  llvm::SmallVector<std::int64_t, 4> phases;  ///< remainders by stride_h that kernel rows have
  std::int64_t phase_rows = 1;                ///< staged rows of one phase
  std::int64_t plane_floats = 0;              ///< of one phase, with slack behind

  std::int64_t run_group = 1;  ///< rows: vectors of a row that are done together

  std::int64_t pool_rows = 0;      ///< rows of the fused pool per band; 0: no pool
  std::int64_t carried_rows = 0;   ///< conv rows that the next band needs again
  std::int64_t buffer_pitch = 0;   ///< floats of one channel in the buffer of conv rows
  std::int64_t buffer_offset = 0;  ///< of that buffer in scratch

  std::int64_t scratch = 0;  ///< floats

  /// The first conv row of a band. Without a pool the last band is moved up to end with the image.
  std::int64_t first_row(std::int64_t band) const;
};

ConvPlan plan_conv(const KernelProblem& problem, const TargetInfo& target);

}  // namespace d2nn::codegen
