// Matrix products of two tensors in training, by the library's product on the matrices as they stand. Rows are split
// over the threads.
#include "kernels/matrix_product.h"
#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

class MatmulOp final : public TrainOp {
 public:
  MatmulOp(const d2nn_op& op, std::uint32_t index, Shared& shared) : TrainOp(op, index, shared) {
    pairs_.push_back({0, 0});
    for (std::uint32_t axis = 0; axis < op.axis_count; ++axis) {
      const std::int64_t* numbers = op.axes + 3 * axis;
      std::vector<Pair> next;
      for (const Pair& pair : pairs_)
        for (std::int64_t i = 0; i < numbers[0]; ++i)
          next.push_back({pair.left + i * numbers[1], pair.right + i * numbers[2]});
      pairs_ = std::move(next);
    }
  }

  void forward(RowList rows) override {
    const Place a = operand(0);
    const Place b = operand(1);
    const Place c = result();
    for_rows(rows, out_elements() * op_.in_w, [&](std::int64_t r, std::size_t) {
      float* to = c.row(r);
      for (const Pair& pair : pairs_) {
        product({'N', 'N', m(), n(), k(), a.row(r) + pair.left * m() * k(), k(), b.row(r) + pair.right * k() * n(), n(),
                 0.0F, to, n()});
        to += m() * n();
      }
    });
  }

  /// da = dc x b^T, db = a^T x dc; a matrix that is broadcast gets the sum.
  void backward(RowList rows) override {
    const Place dc = result_gradient();
    if (!dc) return;
    const Place a = operand(0);
    const Place b = operand(1);
    const Place da = operand_gradient(0);
    const Place db = operand_gradient(1);
    for_rows(rows, out_elements() * op_.in_w, [&](std::int64_t r, std::size_t) {
      if (da && !adds(0)) std::fill_n(da.row(r), da.stride, 0.0F);
      const float* from = dc.row(r);
      for (const Pair& pair : pairs_) {
        if (da)
          product({'N', 'T', m(), k(), n(), from, n(), b.row(r) + pair.right * k() * n(), n(), 1.0F,
                   da.row(r) + pair.left * m() * k(), k()});
        from += m() * n();
      }
      if (!db) return;
      if (!adds(1)) std::fill_n(db.row(r), db.stride, 0.0F);
      from = dc.row(r);
      for (const Pair& pair : pairs_) {
        product({'T', 'N', k(), n(), m(), a.row(r) + pair.left * m() * k(), k(), from, n(), 1.0F,
                 db.row(r) + pair.right * k() * n(), n()});
        from += m() * n();
      }
    });
  }

 private:
  /// Which matrices of the operands are multiplied; one for each matrix of the result.
  struct Pair {
    std::int64_t left, right;
  };
  std::int64_t m() const { return op_.in_h; }
  std::int64_t k() const { return op_.in_w; }
  std::int64_t n() const { return op_.out_w; }
  void product(const MatrixProduct& p) const {
    if (!multiply(p)) shared_.has_failed = true;
  }

  std::vector<Pair> pairs_;
};

}  // namespace

std::unique_ptr<TrainOp> make_matmul(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<MatmulOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
