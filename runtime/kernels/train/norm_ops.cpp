// Batch norm (docs/training.md, "Stages and schedules") and normalize. Batch norm splits its channels over the threads:
// every sum is made by one thread in the order of the rows, so its results do not depend on the thread count at all.
#include <cmath>

#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

class BatchNormOp final : public TrainOp {
 public:
  BatchNormOp(const d2nn_op& op, std::uint32_t index, Shared& shared)
      : TrainOp(op, index, shared),
        mean_(static_cast<std::size_t>(op.in_c)),
        inverse_deviation_(static_cast<std::size_t>(op.in_c)) {}

  void forward(RowList rows) override {
    const Place x = operand();
    const Place y = result();
    const std::int64_t plane = op_.in_h * op_.in_w;
    uses_batch_ = shared_.step.is_training && rows.count * plane >= 2;
    for_channels(rows, [&](std::int64_t c) {
      measure(rows, x, c);
      const float mean = mean_[static_cast<std::size_t>(c)];
      const float inverse = inverse_deviation_[static_cast<std::size_t>(c)];
      const float scale = parameter(0) ? parameter(0)[c] * inverse : inverse;
      const float shift = (parameter(1) ? parameter(1)[c] : 0.0F) - mean * scale;
      for (std::int64_t i = 0; i < rows.count; ++i)
        loops().scale_shift(plane, scale, shift, x.row(rows.rows[i]) + c * plane, y.row(rows.rows[i]) + c * plane);
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    if (!dy) return;
    const Place x = operand();
    const Place dx = operand_gradient();
    const bool add = dx && adds();
    const std::int64_t plane = op_.in_h * op_.in_w;
    for_channels(rows, [&](std::int64_t c) {
      const float mean = mean_[static_cast<std::size_t>(c)];
      const float inverse = inverse_deviation_[static_cast<std::size_t>(c)];
      double sum = 0;     // of dy
      double moment = 0;  // of dy * (x - mean)
      for (std::int64_t i = 0; i < rows.count; ++i) {
        const float* d = dy.row(rows.rows[i]) + c * plane;
        sum += static_cast<double>(loops().sum(plane, d));
        moment += static_cast<double>(loops().centred_dot(plane, mean, x.row(rows.rows[i]) + c * plane, d));
      }
      if (float* dw = parameter_gradient(0)) dw[c] += static_cast<float>(moment * inverse);
      if (float* db = parameter_gradient(1)) db[c] += static_cast<float>(sum);
      if (!dx) return;
      // dx = scale * (dy - mean(dy) - xhat * mean(dy * xhat)); with running statistics the means are constants.
      const float scale = (parameter(0) ? parameter(0)[c] : 1.0F) * inverse;
      const double n = static_cast<double>(rows.count * plane);
      const double slope = uses_batch_ ? moment * inverse * inverse / n : 0.0;
      const double offset = uses_batch_ ? sum / n : 0.0;
      const auto b = static_cast<float>(-scale * slope);
      const auto shift = static_cast<float>(-scale * offset + scale * slope * mean);
      for (std::int64_t i = 0; i < rows.count; ++i) {
        const std::int64_t r = rows.rows[i];
        loops().affine_gradient(plane, scale, b, shift, dy.row(r) + c * plane, x.row(r) + c * plane,
                                dx.row(r) + c * plane, add);
      }
    });
  }

 private:
  template <class F>
  void for_channels(RowList rows, F body) const {
    const std::size_t tasks = tasks_for(op_.in_c, rows.count * in_elements());
    run_tasks(tasks, [&](std::size_t task, std::size_t) {
      const std::int64_t end = split_at(op_.in_c, tasks, task + 1);
      for (std::int64_t c = split_at(op_.in_c, tasks, task); c < end; ++c) body(c);
    });
  }

  /// Mean and deviation of one channel: of these rows, which also moves the running ones, or the running ones.
  void measure(RowList rows, Place x, std::int64_t c) {
    const std::int64_t plane = op_.in_h * op_.in_w;
    double mean = parameter(2)[c];
    double variance = parameter(3)[c];
    if (uses_batch_) {
      const auto n = static_cast<double>(rows.count * plane);
      double sum = 0;
      for (std::int64_t i = 0; i < rows.count; ++i)
        sum += static_cast<double>(loops().sum(plane, x.row(rows.rows[i]) + c * plane));
      mean = sum / n;
      double squares = 0;
      for (std::int64_t i = 0; i < rows.count; ++i)
        squares += static_cast<double>(
            loops().squared_deviation(plane, static_cast<float>(mean), x.row(rows.rows[i]) + c * plane));
      variance = squares / n;
      // Rows that execute the node less often than expected move the running statistics less.
      const double share =
          shared_.step.expected_rows > 0 ? static_cast<double>(rows.count) / shared_.step.expected_rows : 1.0;
      const double momentum = std::min(static_cast<double>(op_.momentum) * share, 1.0);
      parameter(2)[c] = static_cast<float>((1 - momentum) * parameter(2)[c] + momentum * mean);
      parameter(3)[c] = static_cast<float>((1 - momentum) * parameter(3)[c] + momentum * squares / (n - 1));
    }
    mean_[static_cast<std::size_t>(c)] = static_cast<float>(mean);
    inverse_deviation_[static_cast<std::size_t>(c)] =
        static_cast<float>(1.0 / std::sqrt(variance + static_cast<double>(op_.alpha)));
  }

  std::vector<float> mean_;  // of the last forward: what its backward needs, per channel
  std::vector<float> inverse_deviation_;
  bool uses_batch_ = false;
};

class NormalizeOp final : public TrainOp {
 public:
  using TrainOp::TrainOp;

  void forward(RowList rows) override {
    const Place x = operand();
    const Place y = result();
    const std::int64_t plane = op_.in_h * op_.in_w;
    for_rows(rows, in_elements(), [&](std::int64_t r, std::size_t) {
      for (std::int64_t c = 0; c < op_.in_c; ++c)
        loops().scale_shift(plane, 1.0F / op_.std[c], -op_.mean[c] / op_.std[c], x.row(r) + c * plane,
                            y.row(r) + c * plane);
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    const Place dx = operand_gradient();
    if (!dy || !dx) return;
    const bool add = adds();
    const std::int64_t plane = op_.in_h * op_.in_w;
    for_rows(rows, in_elements(), [&](std::int64_t r, std::size_t) {
      for (std::int64_t c = 0; c < op_.in_c; ++c) {
        const float* d = dy.row(r) + c * plane;
        loops().affine_gradient(plane, 1.0F / op_.std[c], 0, 0, d, d, dx.row(r) + c * plane, add);
      }
    });
  }
};

}  // namespace

std::unique_ptr<TrainOp> make_batch_norm(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<BatchNormOp>(op, index, shared);
}
std::unique_ptr<TrainOp> make_normalize(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<NormalizeOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
