// Convolution without im2col: the input is copied once into padded planes (split by phase when there is a stride), so
// that every tap of the kernel reads at a fixed distance from the output's flat position and all loads are contiguous.
// Lines share their padding with the next line, so that 1 to 4 % of the positions lie between lines and are computed
// for nothing. The same loop gives the forward pass, the gradient of the data (a convolution of the padded gradient,
// one per phase) and, with a second loop, the gradient of the weights. Any stride, padding, dilation and group count;
// fast for few channels, where library kernels pad channels to their block.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "d2nn/module.h"
#include "kernels/isa/loops.h"
#include "storage/aligned_buffer.h"

namespace d2nn::kernels {

/// One convolution over flat positions: which planes to fill from the source image, and which taps to sum for each
/// block of output lines.
class PaddedPlaneConv {
 public:
  /// Forward: source [in_c, in_h, in_w], target [out_c, out_h, out_w], weight [out_c, in_c / groups, kh, kw].
  static PaddedPlaneConv forward(const d2nn_op& op, const isa::Loops& loops);
  /// Gradient of the data: source is the gradient of the result, target that of the operand, weight the same tensor.
  static PaddedPlaneConv data_gradient(const d2nn_op& op, const isa::Loops& loops);

  /// Floats of the weights as run() wants them, and how to make them from PyTorch's layout.
  std::int64_t packed_floats() const { return packed_floats_; }
  void pack(const float* weight, float* packed) const;
  /// Floats of one bias as run() wants it: channels padded to blocks.
  std::int64_t packed_bias_floats() const;
  void pack_bias(const float* bias, float* packed) const;

  /// Floats of the padded planes of one row, without and with what vectors may touch beyond them.
  std::int64_t plane_floats() const { return source_channels_ * static_cast<std::int64_t>(planes_.size()) * plane_; }
  std::int64_t scratch_floats() const;
  /// Fills the padded planes of one row from its source; the border holds `border`.
  void fill(const float* source, float* planes, float border = 0.0F) const;
  /// One row: fills scratch [scratch_floats()] from source and writes target. packed_bias may be nullptr.
  void run(const float* source, const float* packed, const float* packed_bias, float* target, float* scratch,
           isa::Store store) const;

  std::int64_t groups() const { return groups_; }
  /// For the weight gradient (forward only): flat positions of one output plane, rounded up to vectors, and their
  /// layout.
  std::int64_t padded_positions() const;
  std::int64_t pitch() const { return pitch_; }
  std::int64_t group_plane_floats() const { return plane_floats() / groups_; }
  const std::vector<std::int32_t>& taps() const { return phases_.front().offsets; }

 private:
  struct Plane {  // which elements of the source image a plane holds (isa::FillPlane)
    std::int64_t first_y, first_x;
  };
  struct Block {  // output channels computed together
    std::int64_t first;
    int size;
    std::int64_t weights;  // offset within a group's weights of a phase
  };
  struct Phase {  // the target's elements (first_y + l * step_y, first_x + c * step_x), and the taps that reach them
    std::int64_t first_y, first_x;
    std::vector<std::int32_t> offsets;         // from a group's planes
    std::vector<std::int64_t> weight_offsets;  // of tap t for target channel 0 of group 0
    std::int64_t packed;                       // offset in the packed weights
  };
  void make_blocks();
  void finish();

  const isa::Loops* loops_ = nullptr;
  std::int64_t groups_ = 1;
  std::int64_t source_channels_ = 0, source_h_ = 0, source_w_ = 0;
  std::int64_t target_channels_ = 0, target_h_ = 0, target_w_ = 0;
  std::int64_t step_y_ = 1, step_x_ = 1;                // between a plane's elements in the source
  std::int64_t target_step_y_ = 1, target_step_x_ = 1;  // between a phase's elements in the target
  std::int64_t lines_ = 0, pitch_ = 0, plane_ = 0;      // of a padded plane
  std::int64_t out_lines_ = 0, out_columns_ = 0;        // of a phase
  std::int64_t chunk_lines_ = 1;  // output lines computed at once, so that they stay in the first cache
  std::int64_t weight_channel_stride_ = 0, weight_group_stride_ = 0;
  std::int64_t packed_floats_ = 0;
  std::vector<Plane> planes_;
  std::vector<Block> blocks_;
  std::vector<Phase> phases_;
};

}  // namespace d2nn::kernels
