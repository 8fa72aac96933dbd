// Scaled dot product attention in training: the library's products for each head, and a softmax between them. Backward
// computes the scores again. Rows are split over the threads.
#include <cmath>

#include "kernels/matrix_product.h"
#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

class AttentionOp final : public TrainOp {
 public:
  AttentionOp(const d2nn_op& op, std::uint32_t index, Shared& shared)
      : TrainOp(op, index, shared),
        keys_(elements_of(op.operands[1]) / op.in_w),
        depth_(op.in_w / op.groups),
        value_depth_(op.out_w / op.groups),
        scale_(static_cast<float>(1.0 / std::sqrt(static_cast<double>(depth_)))) {}

  /// Shares and their gradient.
  std::int64_t thread_scratch_floats() const override { return 2 * queries() * keys_; }

  void forward(RowList rows) override {
    const Place values = operand(2);
    const Place to = result();
    for_rows(rows, work(), [&](std::int64_t r, std::size_t thread) {
      float* shares = shared_.thread_scratch[thread].data();
      for (std::int64_t head = 0; head < op_.groups; ++head) {
        find_shares(r, head, shares);
        product({'N', 'N', queries(), value_depth_, keys_, shares, keys_, values.row(r) + head * value_depth_,
                 op_.out_w, 0.0F, to.row(r) + head * value_depth_, op_.out_w});
      }
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    if (!dy) return;
    for_rows(rows, 3 * work(), [&](std::int64_t r, std::size_t thread) {
      float* shares = shared_.thread_scratch[thread].data();
      float* gradients = shares + queries() * keys_;
      for (std::int64_t head = 0; head < op_.groups; ++head) {
        find_shares(r, head, shares);
        const float* dy_head = dy.row(r) + head * value_depth_;
        product({'N', 'T', queries(), keys_, value_depth_, dy_head, op_.out_w, operand(2).row(r) + head * value_depth_,
                 op_.out_w, 0.0F, gradients, keys_});
        for (std::int64_t q = 0; q < queries(); ++q) score_gradients(q, shares + q * keys_, gradients + q * keys_);
        // In the order of the operands: one that is given twice is written first, then added to.
        if (const Place dq = operand_gradient(0))
          product({'N', 'N', queries(), depth_, keys_, gradients, keys_, operand(1).row(r) + head * depth_, op_.in_w,
                   factor(0), dq.row(r) + head * depth_, op_.in_w});
        if (const Place dk = operand_gradient(1))
          product({'T', 'N', keys_, depth_, queries(), gradients, keys_, operand(0).row(r) + head * depth_, op_.in_w,
                   factor(1), dk.row(r) + head * depth_, op_.in_w});
        if (const Place dv = operand_gradient(2))
          product({'T', 'N', keys_, value_depth_, queries(), shares, keys_, dy_head, op_.out_w, factor(2),
                   dv.row(r) + head * value_depth_, op_.out_w});
      }
    });
  }

 private:
  /// Of one row; sizes are known before the memory is.
  std::int64_t elements_of(std::uint32_t buffer) const {
    return buffer >= D2NN_INPUT_OPERAND ? shared_.module.inputs[buffer - D2NN_INPUT_OPERAND].elements
                                        : shared_.code.buffers[buffer].elements;
  }
  std::int64_t queries() const { return op_.in_h; }
  std::int64_t work() const { return queries() * keys_ * (op_.in_w + op_.out_w); }
  float factor(std::size_t operand) const { return adds(operand) ? 1.0F : 0.0F; }
  std::int64_t seen(std::int64_t query) const { return op_.is_causal != 0 ? std::min(query + 1, keys_) : keys_; }
  void product(const MatrixProduct& p) const {
    if (!multiply(p)) shared_.has_failed = true;
  }

  /// The softmax of a head's scores, [queries, keys]; 0 for keys that a query does not see.
  void find_shares(std::int64_t r, std::int64_t head, float* shares) const {
    product({'N', 'T', queries(), keys_, depth_, operand(0).row(r) + head * depth_, op_.in_w,
             operand(1).row(r) + head * depth_, op_.in_w, 0.0F, shares, keys_});
    for (std::int64_t q = 0; q < queries(); ++q) {
      float* row = shares + q * keys_;
      const std::int64_t count = seen(q);
      loops().softmax(count, scale_, row);
      std::fill(row + count, row + keys_, 0.0F);
    }
  }

  /// Gradients of a query's shares to those of its products with the keys, in place.
  void score_gradients(std::int64_t query, const float* shares, float* gradients) const {
    const std::int64_t count = seen(query);
    loops().softmax_gradient(count, scale_, shares, gradients);
    std::fill(gradients + count, gradients + keys_, 0.0F);
  }

  std::int64_t keys_;
  std::int64_t depth_, value_depth_;  // of one head
  float scale_;
};

}  // namespace

std::unique_ptr<TrainOp> make_attention(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<AttentionOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
