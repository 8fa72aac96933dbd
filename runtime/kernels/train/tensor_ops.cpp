// Ops that move whole tensors: copies and concat.
#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

/// The elements stay in order.
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

}  // namespace

std::unique_ptr<TrainOp> make_copy(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<CopyOp>(op, index, shared);
}
std::unique_ptr<TrainOp> make_concat(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<ConcatOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
