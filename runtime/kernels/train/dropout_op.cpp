// Dropout in training.
#include <cmath>

#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

std::uint64_t mix64(std::uint64_t x) {  // the finaliser of splitmix64
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

/// Masks are functions of (seed, step, sample, op, element): the order of rows and threads does not matter, and
/// backward draws them again.
class DropoutOp final : public TrainOp {
 public:
  DropoutOp(const d2nn_op& op, std::uint32_t index, Shared& shared) : TrainOp(op, index, shared) {
    const double p = std::clamp(static_cast<double>(op.alpha), 0.0, 1.0);
    const bool drops_all = p >= 1.0;
    threshold_ = drops_all ? 0 : static_cast<std::uint32_t>(p * 4294967296.0);
    scale_ = drops_all ? 0.0F : static_cast<float>(1.0 / (1.0 - p));
  }

  void forward(RowList rows) override { apply(rows, operand(), result(), false); }
  void backward(RowList rows) override {
    const Place dy = result_gradient();
    const Place dx = operand_gradient();
    if (dy && dx) apply(rows, dy, dx, adds());
  }

 private:
  void apply(RowList rows, Place from, Place to, bool add) const {
    const std::uint64_t step_key = mix64(mix64(mix64(shared_.step.seed) ^ shared_.step.step) ^ index_);
    for_rows(rows, in_elements(), [&](std::int64_t r, std::size_t) {
      if (!shared_.step.is_training) {
        loops().copy(in_elements(), from.row(r), to.row(r), add);
      } else {
        const std::uint64_t sample =
            shared_.step.sample_ids ? shared_.step.sample_ids[r] : static_cast<std::uint64_t>(r);
        loops().dropout(in_elements(), mix64(step_key ^ sample), threshold_, scale_, from.row(r), to.row(r), add);
      }
    });
  }

  std::uint32_t threshold_ = 0;  // of 2^32: draws below are dropped
  float scale_ = 1.0F;
};

}  // namespace

std::unique_ptr<TrainOp> make_dropout(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<DropoutOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
