// Ops that move or combine whole tensors: identity, flatten, reshape, pad_channels, concat, add, multiply.
#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

/// identity, flatten, reshape: the elements stay in order.
class CopyOp final : public TrainOp {
 public:
  using TrainOp::TrainOp;

  void forward(RowList rows) override {
    const Place x = operand();
    const Place y = result();
    for_rows(rows, y.stride, [&](std::int64_t r, std::size_t) { loops().copy(y.stride, x.row(r), y.row(r), false); });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    const Place dx = operand_gradient();
    if (!dy || !dx) return;
    const bool add = adds();
    for_rows(rows, dy.stride, [&](std::int64_t r, std::size_t) { loops().copy(dy.stride, dy.row(r), dx.row(r), add); });
  }
};

/// Zero channels before and after.
class PadChannelsOp final : public TrainOp {
 public:
  using TrainOp::TrainOp;

  void forward(RowList rows) override {
    const Place x = operand();
    const Place y = result();
    const std::int64_t plane = op_.in_h * op_.in_w;
    for_rows(rows, y.stride, [&](std::int64_t r, std::size_t) {
      float* to = y.row(r);
      to = std::fill_n(to, op_.before * plane, 0.0F);
      loops().copy(in_elements(), x.row(r), to, false);
      std::fill_n(to + in_elements(), op_.after * plane, 0.0F);
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    const Place dx = operand_gradient();
    if (!dy || !dx) return;
    const bool add = adds();
    const std::int64_t skipped = op_.before * op_.in_h * op_.in_w;
    for_rows(rows, in_elements(),
             [&](std::int64_t r, std::size_t) { loops().copy(in_elements(), dy.row(r) + skipped, dx.row(r), add); });
  }
};

/// Channels one operand behind the other: with channels outermost, so are the elements.
class ConcatOp final : public TrainOp {
 public:
  using TrainOp::TrainOp;

  void forward(RowList rows) override {
    const Place y = result();
    for_rows(rows, y.stride, [&](std::int64_t r, std::size_t) {
      float* to = y.row(r);
      for (std::size_t i = 0; i < op_.operand_count; ++i) {
        const Place x = operand(i);
        loops().copy(x.stride, x.row(r), to, false);
        to += x.stride;
      }
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    if (!dy) return;
    for_rows(rows, dy.stride, [&](std::int64_t r, std::size_t) {
      const float* from = dy.row(r);
      for (std::size_t i = 0; i < op_.operand_count; ++i) {
        const std::int64_t n = operand(i).stride;
        if (const Place dx = operand_gradient(i)) loops().copy(n, from, dx.row(r), adds(i));
        from += n;
      }
    });
  }
};

class AddOp final : public TrainOp {
 public:
  using TrainOp::TrainOp;

  void forward(RowList rows) override {
    const Place y = result();
    for_rows(rows, y.stride, [&](std::int64_t r, std::size_t) {
      loops().copy(y.stride, operand(0).row(r), y.row(r), false);
      for (std::size_t i = 1; i < op_.operand_count; ++i) loops().add(y.stride, operand(i).row(r), y.row(r));
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    if (!dy) return;
    for_rows(rows, dy.stride, [&](std::int64_t r, std::size_t) {
      for (std::size_t i = 0; i < op_.operand_count; ++i)
        if (const Place dx = operand_gradient(i)) loops().copy(dy.stride, dy.row(r), dx.row(r), adds(i));
    });
  }
};

class MultiplyOp final : public TrainOp {
 public:
  using TrainOp::TrainOp;

  std::int64_t thread_scratch_floats() const override { return result_elements(); }

  void forward(RowList rows) override {
    const Place y = result();
    for_rows(rows, y.stride, [&](std::int64_t r, std::size_t) {
      loops().copy(y.stride, operand(0).row(r), y.row(r), false);
      for (std::size_t i = 1; i < op_.operand_count; ++i) loops().multiply(y.stride, operand(i).row(r), y.row(r));
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    if (!dy) return;
    for_rows(rows, dy.stride, [&](std::int64_t r, std::size_t thread) {
      float* others = shared_.thread_scratch[thread].data();
      for (std::size_t i = 0; i < op_.operand_count; ++i) {
        const Place dx = operand_gradient(i);
        if (!dx) continue;
        loops().copy(dy.stride, dy.row(r), others, false);
        for (std::size_t j = 0; j < op_.operand_count; ++j)
          if (j != i) loops().multiply(dy.stride, operand(j).row(r), others);
        loops().copy(dy.stride, others, dx.row(r), adds(i));
      }
    });
  }

 private:
  std::int64_t result_elements() const { return shared_.code.buffers[op_.result].elements; }
};

}  // namespace

std::unique_ptr<TrainOp> make_copy(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<CopyOp>(op, index, shared);
}
std::unique_ptr<TrainOp> make_pad_channels(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<PadChannelsOp>(op, index, shared);
}
std::unique_ptr<TrainOp> make_concat(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<ConcatOp>(op, index, shared);
}
std::unique_ptr<TrainOp> make_add(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<AddOp>(op, index, shared);
}
std::unique_ptr<TrainOp> make_multiply(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<MultiplyOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
