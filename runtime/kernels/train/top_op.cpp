// The greatest values of a vector in training. The places that they come from are kept for the gradient.
#include <cmath>
#include <cstring>

#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

class TopOp final : public TrainOp {
 public:
  using TrainOp::TrainOp;

  std::int64_t thread_scratch_floats() const override { return op_.in_c; }

  void forward(RowList rows) override {
    const Place x = operand();
    const Place y = result();
    const Place state = value(op_.state);
    for_rows(rows, op_.in_c * 8, [&](std::int64_t r, std::size_t thread) {
      const float* from = x.row(r);
      auto* places = reinterpret_cast<std::int32_t*>(shared_.thread_scratch[thread].data());
      for (std::int64_t i = 0; i < op_.in_c; ++i) places[i] = static_cast<std::int32_t>(i);
      // NaN is greater than every number; of equal values the first are taken.
      std::partial_sort(places, places + op_.out_c, places + op_.in_c, [from](std::int32_t a, std::int32_t b) {
        if (from[a] > from[b] || (std::isnan(from[a]) && !std::isnan(from[b]))) return true;
        if (from[b] > from[a] || (std::isnan(from[b]) && !std::isnan(from[a]))) return false;
        return a < b;
      });
      for (std::int64_t i = 0; i < op_.out_c; ++i) y.row(r)[i] = from[places[i]];
      std::memcpy(state.row(r), places, static_cast<std::size_t>(op_.out_c) * sizeof(std::int32_t));
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    const Place dx = operand_gradient();
    if (!dy || !dx) return;
    const Place state = value(op_.state);
    const bool add = adds();
    for_rows(rows, op_.in_c, [&](std::int64_t r, std::size_t) {
      if (!add) std::fill_n(dx.row(r), op_.in_c, 0.0F);
      for (std::int64_t i = 0; i < op_.out_c; ++i) {
        std::int32_t place = 0;
        std::memcpy(&place, state.row(r) + i, sizeof place);
        dx.row(r)[place] += dy.row(r)[i];
      }
    });
  }
};

}  // namespace

std::unique_ptr<TrainOp> make_top(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<TopOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
