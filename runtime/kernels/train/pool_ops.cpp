// Pooling in training. Max pooling keeps the tap of each maximum (d2nn/train_state.h); average pooling counts the
// padding, as PyTorch does by default.
#include <limits>

#include "d2nn/rounding.h"
#include "d2nn/train_state.h"
#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

/// The pool as a convolution of one channel, for the layout of the padded planes.
d2nn_op one_channel(d2nn_op op) {
  op.in_c = op.out_c = op.groups = 1;
  return op;
}

class MaxPoolOp final : public TrainOp {
 public:
  MaxPoolOp(const d2nn_op& op, std::uint32_t index, Shared& shared)
      : TrainOp(op, index, shared), planes_(PaddedPlaneConv::forward(one_channel(op), shared.loops)) {
    positions_ = (op.out_h - 1) * planes_.pitch() + op.out_w;
    stride_ = round_up(op.out_h * planes_.pitch() + shared.loops.slack, 16);
    first_tap_.assign(static_cast<std::size_t>(stride_), 0);
    for (std::int64_t y = 0; y < op.out_h; ++y)
      for (std::int64_t x = 0; x < op.out_w; ++x)
        first_tap_[static_cast<std::size_t>(y * planes_.pitch() + x)] =
            static_cast<std::int32_t>(first_inside(y * op.stride_h - op.pad_h, op.dilation_h) * op.kernel_w +
                                      first_inside(x * op.stride_w - op.pad_w, op.dilation_w));
    for (std::int64_t i = 0; i < op.kernel_h; ++i)
      for (std::int64_t j = 0; j < op.kernel_w; ++j)
        tap_offsets_.push_back(static_cast<std::int32_t>(i * op.dilation_h * op.in_w + j * op.dilation_w));
    has_wide_args_ = d2nn_train_state_bytes(op.kind, 4, op.kernel_h, op.kernel_w) == 16;
  }

  std::int64_t thread_scratch_floats() const override {
    return round_up(planes_.plane_floats() + loops().slack, 16) + 2 * stride_;
  }

  void forward(RowList rows) override {
    const Place x = operand();
    const Place y = result();
    const Place state = value(op_.state);
    for_rows(rows, in_elements(), [&](std::int64_t r, std::size_t thread) {
      float* plane = shared_.thread_scratch[thread].data();
      float* best = plane + round_up(planes_.plane_floats() + loops().slack, 16);
      auto* arg = reinterpret_cast<std::int32_t*>(best + stride_);
      const isa::PoolBlock pool{plane,
                                planes_.taps().data(),
                                static_cast<std::int64_t>(planes_.taps().size()),
                                first_tap_.data(),
                                best,
                                arg,
                                positions_};
      const std::int64_t out_plane = op_.out_h * op_.out_w;
      for (std::int64_t c = 0; c < op_.in_c; ++c) {
        planes_.fill(x.row(r) + c * op_.in_h * op_.in_w, plane, -std::numeric_limits<float>::infinity());
        loops().pool_block(pool);
        loops().store_lines({y.row(r) + c * out_plane, op_.out_h, op_.out_w, 1, 1, 0, 0, best, op_.out_h, op_.out_w,
                             planes_.pitch(), isa::Store::overwrite});
        loops().store_args(op_.out_h, op_.out_w, planes_.pitch(), arg, has_wide_args_, args_of(state.row(r), c));
      }
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    const Place dx = operand_gradient();
    if (!dy || !dx) return;
    const Place state = value(op_.state);
    const bool add = adds();
    for_rows(rows, in_elements(), [&](std::int64_t r, std::size_t) {
      if (!add) std::fill_n(dx.row(r), in_elements(), 0.0F);
      for (std::int64_t c = 0; c < op_.in_c; ++c) {
        loops().pool_scatter({dy.row(r) + c * op_.out_h * op_.out_w, args_of(state.row(r), c), has_wide_args_,
                              op_.out_h, op_.out_w, op_.stride_h, op_.stride_w, -op_.pad_h * op_.in_w - op_.pad_w,
                              op_.in_w, tap_offsets_.data(), dx.row(r) + c * op_.in_h * op_.in_w});
      }
    });
  }

 private:
  /// The first tap of a window that does not lie in the padding before the image (that one does is checked at
  /// creation).
  static std::int64_t first_inside(std::int64_t start, std::int64_t dilation) {
    return start >= 0 ? 0 : ceil_div(-start, dilation);
  }
  void* args_of(float* state, std::int64_t channel) const {
    const std::int64_t bytes = channel * op_.out_h * op_.out_w * (has_wide_args_ ? 4 : 1);
    return reinterpret_cast<std::uint8_t*>(state) + bytes;
  }

  PaddedPlaneConv planes_;
  std::int64_t positions_ = 0;
  std::int64_t stride_ = 0;
  std::vector<std::int32_t> first_tap_;    // [stride_]
  std::vector<std::int32_t> tap_offsets_;  // from a window's first element, in the operand
  bool has_wide_args_ = false;
};

class AvgPoolOp final : public TrainOp {
 public:
  using TrainOp::TrainOp;

  void forward(RowList rows) override {
    const Place x = operand();
    const Place y = result();
    const float scale = 1.0F / static_cast<float>(op_.kernel_h * op_.kernel_w);
    for_rows(rows, in_elements(), [&](std::int64_t r, std::size_t) {
      float* to = y.row(r);
      std::fill_n(to, out_elements(), 0.0F);
      for_taps([&](std::int64_t from, std::int64_t at) { to[at] += x.row(r)[from]; });
      for (std::int64_t i = 0; i < out_elements(); ++i) to[i] *= scale;
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    const Place dx = operand_gradient();
    if (!dy || !dx) return;
    const bool add = adds();
    const float scale = 1.0F / static_cast<float>(op_.kernel_h * op_.kernel_w);
    for_rows(rows, in_elements(), [&](std::int64_t r, std::size_t) {
      if (!add) std::fill_n(dx.row(r), in_elements(), 0.0F);
      for_taps([&](std::int64_t from, std::int64_t at) { dx.row(r)[from] += dy.row(r)[at] * scale; });
    });
  }

 private:
  /// Calls body(operand element, result element) for every tap of every window that lies in the image.
  template <class F>
  void for_taps(F body) const {
    for (std::int64_t c = 0; c < op_.in_c; ++c) {
      for (std::int64_t oy = 0; oy < op_.out_h; ++oy) {
        for (std::int64_t i = 0; i < op_.kernel_h; ++i) {
          const std::int64_t y = oy * op_.stride_h - op_.pad_h + i * op_.dilation_h;
          if (y < 0 || y >= op_.in_h) continue;
          for (std::int64_t j = 0; j < op_.kernel_w; ++j) {
            for (std::int64_t ox = 0; ox < op_.out_w; ++ox) {
              const std::int64_t x = ox * op_.stride_w - op_.pad_w + j * op_.dilation_w;
              if (x >= 0 && x < op_.in_w)
                body((c * op_.in_h + y) * op_.in_w + x, (c * op_.out_h + oy) * op_.out_w + ox);
            }
          }
        }
      }
    }
  }
};

}  // namespace

std::unique_ptr<TrainOp> make_max_pool(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<MaxPoolOp>(op, index, shared);
}
std::unique_ptr<TrainOp> make_avg_pool(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<AvgPoolOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
