#include "kernels/padded_plane_conv.h"

#include <algorithm>
#include <cstring>

#include "d2nn/rounding.h"

namespace d2nn::kernels {
namespace {

/// Lines and columns computed at once: 8 channels of them fill half of a small first-level cache.
constexpr std::int64_t chunk_positions = 768;

/// One axis of the padded planes. Element b of phase i's plane is source element b * step + first[i].
struct Axis {
  std::int64_t size;  // of the source
  std::int64_t step;
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> reach;  // the largest tap distance in each phase
  std::int64_t outputs;

  std::int64_t lead(std::size_t i) const { return first[i] >= 0 ? 0 : ceil_div(-first[i], step); }
  std::int64_t end(std::size_t i) const {
    const std::int64_t real = size - first[i] <= 0 ? 0 : ceil_div(size - first[i], step);
    return std::max(std::min(real, outputs + reach[i]), lead(i));
  }
  /// The least distance between lines at which a line's trailing zeros can be the next one's leading zeros.
  std::int64_t shared_pitch() const {
    std::int64_t pitch = outputs;
    for (std::size_t i = 0; i < first.size(); ++i) pitch = std::max({pitch, end(i), outputs + reach[i] - lead(i)});
    return pitch;
  }
  std::int64_t greatest_reach() const { return *std::max_element(reach.begin(), reach.end()); }
};

}  // namespace

PaddedPlaneConv PaddedPlaneConv::forward(const d2nn_op& op, const isa::Loops& loops) {
  PaddedPlaneConv conv;
  conv.loops_ = &loops;
  conv.groups_ = op.groups;
  conv.source_channels_ = op.in_c;
  conv.source_h_ = op.in_h;
  conv.source_w_ = op.in_w;
  conv.target_channels_ = op.out_c;
  conv.target_h_ = op.out_h;
  conv.target_w_ = op.out_w;
  conv.step_y_ = op.stride_h;
  conv.step_x_ = op.stride_w;
  conv.out_lines_ = op.out_h;
  conv.out_columns_ = op.out_w;

  // A phase per remainder of the tap's distance by the stride, if any tap has it.
  const auto make_axis = [](std::int64_t size, std::int64_t outputs, std::int64_t kernel, std::int64_t stride,
                            std::int64_t pad, std::int64_t dilation, std::vector<std::int64_t>* index) {
    Axis axis{size, stride, {}, {}, outputs};
    index->assign(static_cast<std::size_t>(stride), -1);
    for (std::int64_t i = 0; i < kernel; ++i) {
      const std::int64_t remainder = i * dilation % stride;
      auto& at = (*index)[static_cast<std::size_t>(remainder)];
      if (at < 0) {
        at = static_cast<std::int64_t>(axis.first.size());
        axis.first.push_back(remainder - pad);
        axis.reach.push_back(0);
      }
      axis.reach[static_cast<std::size_t>(at)] =
          std::max(axis.reach[static_cast<std::size_t>(at)], i * dilation / stride);
    }
    return axis;
  };
  std::vector<std::int64_t> index_y;
  std::vector<std::int64_t> index_x;
  const Axis y = make_axis(op.in_h, op.out_h, op.kernel_h, op.stride_h, op.pad_h, op.dilation_h, &index_y);
  const Axis x = make_axis(op.in_w, op.out_w, op.kernel_w, op.stride_w, op.pad_w, op.dilation_w, &index_x);
  for (const std::int64_t first_y : y.first)
    for (const std::int64_t first_x : x.first) conv.planes_.push_back({first_y, first_x});
  conv.pitch_ = x.shared_pitch();
  conv.lines_ = op.out_h + y.greatest_reach();
  conv.plane_ = round_up(conv.lines_ * conv.pitch_ + x.greatest_reach(), 16);

  Phase phase{0, 0, {}, {}, 0};
  const auto columns = static_cast<std::int64_t>(x.first.size());
  const std::int64_t in_group = op.in_c / op.groups;
  for (std::int64_t c = 0; c < in_group; ++c) {
    for (std::int64_t i = 0; i < op.kernel_h; ++i) {
      for (std::int64_t j = 0; j < op.kernel_w; ++j) {
        const std::int64_t dy = i * op.dilation_h;
        const std::int64_t dx = j * op.dilation_w;
        const std::int64_t plane = c * static_cast<std::int64_t>(conv.planes_.size()) +
                                   index_y[static_cast<std::size_t>(dy % op.stride_h)] * columns +
                                   index_x[static_cast<std::size_t>(dx % op.stride_w)];
        phase.offsets.push_back(
            static_cast<std::int32_t>(plane * conv.plane_ + dy / op.stride_h * conv.pitch_ + dx / op.stride_w));
        phase.weight_offsets.push_back((c * op.kernel_h + i) * op.kernel_w + j);
      }
    }
  }
  conv.phases_.push_back(std::move(phase));
  conv.weight_channel_stride_ = in_group * op.kernel_h * op.kernel_w;
  conv.weight_group_stride_ = op.out_c / op.groups * conv.weight_channel_stride_;
  conv.finish();
  return conv;
}

PaddedPlaneConv PaddedPlaneConv::data_gradient(const d2nn_op& op, const isa::Loops& loops) {
  PaddedPlaneConv conv;
  conv.loops_ = &loops;
  conv.groups_ = op.groups;
  conv.source_channels_ = op.out_c;
  conv.source_h_ = op.out_h;
  conv.source_w_ = op.out_w;
  conv.target_channels_ = op.in_c;
  conv.target_h_ = op.in_h;
  conv.target_w_ = op.in_w;
  conv.target_step_y_ = op.stride_h;
  conv.target_step_x_ = op.stride_w;

  // Operand element iy belongs to phase a = (iy + pad) % stride and quotient q = (iy + pad) / stride; tap i with
  // i * dilation % stride == a brings it the gradient of output q - i * dilation / stride.
  const auto make_axis = [](std::int64_t outputs, std::int64_t inputs, std::int64_t kernel, std::int64_t stride,
                            std::int64_t pad, std::int64_t dilation, std::int64_t* first_quotient) {
    const std::int64_t reach = (kernel - 1) * dilation / stride;
    *first_quotient = pad / stride;
    const std::int64_t quotients = ceil_div(pad + inputs, stride) - *first_quotient + 1;
    return Axis{outputs, 1, {*first_quotient - reach}, {reach}, quotients};
  };
  std::int64_t first_y = 0;
  std::int64_t first_x = 0;
  const Axis y = make_axis(op.out_h, op.in_h, op.kernel_h, op.stride_h, op.pad_h, op.dilation_h, &first_y);
  const Axis x = make_axis(op.out_w, op.in_w, op.kernel_w, op.stride_w, op.pad_w, op.dilation_w, &first_x);
  conv.planes_.push_back({y.first[0], x.first[0]});
  conv.out_lines_ = y.outputs;
  conv.out_columns_ = x.outputs;
  conv.pitch_ = x.shared_pitch();
  conv.lines_ = y.outputs + y.reach[0];
  conv.plane_ = round_up(conv.lines_ * conv.pitch_ + x.reach[0], 16);

  const std::int64_t in_group = op.in_c / op.groups;
  const std::int64_t out_group = op.out_c / op.groups;
  for (std::int64_t a = 0; a < op.stride_h; ++a) {
    for (std::int64_t b = 0; b < op.stride_w; ++b) {
      Phase phase{first_y * op.stride_h + a - op.pad_h, first_x * op.stride_w + b - op.pad_w, {}, {}, 0};
      for (std::int64_t o = 0; o < out_group; ++o) {
        for (std::int64_t i = 0; i < op.kernel_h; ++i) {
          for (std::int64_t j = 0; j < op.kernel_w; ++j) {
            const std::int64_t dy = i * op.dilation_h;
            const std::int64_t dx = j * op.dilation_w;
            if (dy % op.stride_h != a || dx % op.stride_w != b) continue;
            phase.offsets.push_back(static_cast<std::int32_t>(
                o * conv.plane_ + (y.reach[0] - dy / op.stride_h) * conv.pitch_ + x.reach[0] - dx / op.stride_w));
            phase.weight_offsets.push_back(((o * in_group) * op.kernel_h + i) * op.kernel_w + j);
          }
        }
      }
      conv.phases_.push_back(std::move(phase));
    }
  }
  conv.weight_channel_stride_ = op.kernel_h * op.kernel_w;
  conv.weight_group_stride_ = out_group * in_group * op.kernel_h * op.kernel_w;
  conv.finish();
  return conv;
}

void PaddedPlaneConv::make_blocks() {
  const std::int64_t channels = target_channels_ / groups_;
  std::int64_t first = 0;
  while (first < channels) {
    int size = loops_->max_block;
    // A block may be padded by a quarter at most; the rest goes to narrower blocks.
    while (size > 1 && channels - first < size - size / 4) size /= 2;
    blocks_.push_back({first, size, 0});
    first += size;
  }
}

void PaddedPlaneConv::finish() {
  make_blocks();
  packed_floats_ = 0;
  for (Phase& phase : phases_) {
    phase.packed = packed_floats_;
    for (const Block& block : blocks_)
      packed_floats_ += groups_ * block.size * static_cast<std::int64_t>(phase.offsets.size());
  }
  chunk_lines_ = std::clamp<std::int64_t>(chunk_positions / pitch_, 1, out_lines_);
}

std::int64_t PaddedPlaneConv::packed_bias_floats() const {
  return groups_ * (blocks_.back().first + blocks_.back().size);
}

void PaddedPlaneConv::pack(const float* weight, float* packed) const {
  const std::int64_t channels = target_channels_ / groups_;
  for (const Phase& phase : phases_) {
    for (std::int64_t g = 0; g < groups_; ++g) {
      for (const Block& block : blocks_) {
        const std::int64_t real = std::min<std::int64_t>(block.size, channels - block.first);
        const float* from = weight + g * weight_group_stride_ + block.first * weight_channel_stride_;
        for (const std::int64_t offset : phase.weight_offsets) {
          for (std::int64_t o = 0; o < real; ++o) *packed++ = from[offset + o * weight_channel_stride_];
          for (std::int64_t o = real; o < block.size; ++o) *packed++ = 0;
        }
      }
    }
  }
}

void PaddedPlaneConv::pack_bias(const float* bias, float* packed) const {
  const std::int64_t channels = target_channels_ / groups_;
  const std::int64_t padded = packed_bias_floats() / groups_;
  for (std::int64_t g = 0; g < groups_; ++g)
    for (std::int64_t o = 0; o < padded; ++o) packed[g * padded + o] = o < channels ? bias[g * channels + o] : 0.0F;
}

std::int64_t PaddedPlaneConv::padded_positions() const {
  return round_up((out_lines_ - 1) * pitch_ + out_columns_, loops_->lanes);
}

std::int64_t PaddedPlaneConv::scratch_floats() const {
  return round_up(plane_floats() + loops_->slack, 16) +
         loops_->max_block * round_up(chunk_lines_ * pitch_ + loops_->slack, 16);
}

void PaddedPlaneConv::fill(const float* source, float* planes, float border) const {
  isa::FillPlane f{nullptr, lines_, pitch_, plane_, nullptr, source_h_, source_w_, step_y_, step_x_, 0, 0, border};
  f.dst = planes;
  for (std::int64_t c = 0; c < source_channels_; ++c) {
    f.src = source + c * source_h_ * source_w_;
    for (const Plane& plane : planes_) {
      f.first_y = plane.first_y;
      f.first_x = plane.first_x;
      loops_->fill_plane(f);
      f.dst += plane_;
    }
  }
}

void PaddedPlaneConv::run(const float* source, const float* packed, const float* packed_bias, float* target,
                          float* scratch, isa::Store store) const {
  fill(source, scratch);
  float* out = scratch + round_up(plane_floats() + loops_->slack, 16);
  const std::int64_t channels = target_channels_ / groups_;
  const std::int64_t padded_channels = packed_bias_floats() / groups_;
  isa::ConvBlock b{};
  b.out = out;
  b.out_stride = round_up(chunk_lines_ * pitch_ + loops_->slack, 16);
  isa::StoreLines s{};
  s.height = target_h_;
  s.width = target_w_;
  s.step_y = target_step_y_;
  s.step_x = target_step_x_;
  s.columns = out_columns_;
  s.pitch = pitch_;
  s.store = store;
  for (const Phase& phase : phases_) {
    b.offsets = phase.offsets.data();
    b.taps = static_cast<std::int64_t>(phase.offsets.size());
    const float* weights = packed + phase.packed;
    for (std::int64_t g = 0; g < groups_; ++g) {
      for (const Block& block : blocks_) {
        b.block = block.size;
        b.weights = weights;
        b.bias = packed_bias ? packed_bias + g * padded_channels + block.first : nullptr;
        weights += block.size * b.taps;
        const std::int64_t real = std::min<std::int64_t>(block.size, channels - block.first);
        for (std::int64_t line = 0; line < out_lines_; line += chunk_lines_) {
          s.lines = std::min(chunk_lines_, out_lines_ - line);
          b.in = scratch + g * group_plane_floats() + line * pitch_;
          b.positions = (s.lines - 1) * pitch_ + out_columns_;
          loops_->conv_block(b);
          s.first_y = phase.first_y + line * target_step_y_;
          s.first_x = phase.first_x;
          for (std::int64_t o = 0; o < real; ++o) {
            s.dst = target + (g * channels + block.first + o) * target_h_ * target_w_;
            s.src = out + o * b.out_stride;
            loops_->store_lines(s);
          }
        }
      }
    }
  }
}

}  // namespace d2nn::kernels
