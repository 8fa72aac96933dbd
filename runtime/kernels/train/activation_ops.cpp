// Functions of one element, softmax over channels, and dropout.
#include <cmath>
#include <limits>

#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

/// relu, leaky_relu, sigmoid, tanh, gelu, silu.
class ActivationOp final : public TrainOp {
 public:
  ActivationOp(const d2nn_op& op, std::uint32_t index, Shared& shared) : TrainOp(op, index, shared) {
    const isa::Loops& l = shared.loops;
    switch (op.kind) {
      case D2NN_OP_RELU:
        set(l.relu, l.relu_gradient, true);
        break;
      case D2NN_OP_LEAKY_RELU:
        set(l.leaky_relu, l.leaky_relu_gradient, false);
        break;
      case D2NN_OP_SIGMOID:
        set(l.sigmoid, l.sigmoid_gradient, true);
        break;
      case D2NN_OP_TANH:
        set(l.tanh, l.tanh_gradient, true);
        break;
      case D2NN_OP_GELU:
        set(l.gelu, l.gelu_gradient, false);
        break;
      default:
        set(l.silu, l.silu_gradient, false);
        break;
    }
  }

  void forward(RowList rows) override {
    const Place x = operand();
    const Place y = result();
    for_rows(rows, in_elements(),
             [&](std::int64_t r, std::size_t) { function_(in_elements(), op_.alpha, x.row(r), y.row(r)); });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    const Place dx = operand_gradient();
    if (!dy || !dx) return;
    const Place of = is_of_result_ ? result() : operand();
    const bool add = adds();
    for_rows(rows, in_elements(), [&](std::int64_t r, std::size_t) {
      gradient_(in_elements(), op_.alpha, of.row(r), dy.row(r), dx.row(r), add);
    });
  }

 private:
  void set(isa::Unary function, isa::UnaryGradient derivative, bool is_of_result) {
    function_ = function;
    gradient_ = derivative;
    is_of_result_ = is_of_result;
  }

  isa::Unary function_ = nullptr;
  isa::UnaryGradient gradient_ = nullptr;
  bool is_of_result_ = true;  // the gradient reads the result, not the operand
};

/// Softmax over channels, at every place of an image.
class SoftmaxOp final : public TrainOp {
 public:
  using TrainOp::TrainOp;

  std::int64_t thread_scratch_floats() const override { return 2 * op_.in_h * op_.in_w; }

  void forward(RowList rows) override {
    const Place x = operand();
    const Place y = result();
    const std::int64_t channels = op_.in_c;
    const std::int64_t plane = op_.in_h * op_.in_w;
    for_rows(rows, in_elements(), [&](std::int64_t r, std::size_t thread) {
      const float* from = x.row(r);
      float* to = y.row(r);
      float* greatest = shared_.thread_scratch[thread].data();
      float* sum = greatest + plane;
      std::fill_n(greatest, plane, -std::numeric_limits<float>::infinity());
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t i = 0; i < plane; ++i) greatest[i] = std::max(greatest[i], from[c * plane + i]);
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t i = 0; i < plane; ++i) to[c * plane + i] = from[c * plane + i] - greatest[i];
      loops().exp_shifted(channels * plane, 0.0F, to, to);
      std::fill_n(sum, plane, 0.0F);
      for (std::int64_t c = 0; c < channels; ++c) loops().add(plane, to + c * plane, sum);
      for (std::int64_t i = 0; i < plane; ++i) sum[i] = 1.0F / sum[i];
      for (std::int64_t c = 0; c < channels; ++c) loops().multiply(plane, sum, to + c * plane);
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    const Place dx = operand_gradient();
    if (!dy || !dx) return;
    const Place y = result();
    const bool add = adds();
    const std::int64_t channels = op_.in_c;
    const std::int64_t plane = op_.in_h * op_.in_w;
    for_rows(rows, in_elements(), [&](std::int64_t r, std::size_t thread) {
      const float* value = y.row(r);
      const float* d = dy.row(r);
      float* to = dx.row(r);
      float* mean = shared_.thread_scratch[thread].data();
      std::fill_n(mean, plane, 0.0F);
      for (std::int64_t c = 0; c < channels; ++c)
        loops().multiply_add(plane, value + c * plane, d + c * plane, mean, true);
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t i = 0; i < plane; ++i) {
          const float g = value[c * plane + i] * (d[c * plane + i] - mean[i]);
          to[c * plane + i] = add ? to[c * plane + i] + g : g;
        }
      }
    });
  }
};

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

std::unique_ptr<TrainOp> make_activation(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<ActivationOp>(op, index, shared);
}
std::unique_ptr<TrainOp> make_softmax(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<SoftmaxOp>(op, index, shared);
}
std::unique_ptr<TrainOp> make_dropout(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<DropoutOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
