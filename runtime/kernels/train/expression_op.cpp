// Layers that are expressions: compiled code for one row, forward and backward, driven over the rows of a step.
#include <array>

#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

class ExpressionOp final : public TrainOp {
 public:
  ExpressionOp(const d2nn_op& op, std::uint32_t index, Shared& shared) : TrainOp(op, index, shared) {
    for (const std::uint32_t p : op_.params) {
      if (p != D2NN_NO_INDEX) weight_floats_ += shared_.module.parameters[p].tensor.elements;
    }
    operands_per_thread_.resize(shared_.pool.threads());
    results_per_thread_.resize(shared_.pool.threads());
    for (auto& operands : operands_per_thread_) operands.resize(op_.operand_count + std::size_t{2});
    for (auto& results : results_per_thread_) results.resize(op_.operand_count + most_weights);
  }

  std::int64_t thread_scratch_floats() const override { return op_.expression_scratch; }
  /// The gradients of the weights, a part for each task.
  std::int64_t op_scratch_floats() const override {
    return weight_floats_ * static_cast<std::int64_t>(shared_.pool.threads());
  }

  void forward(RowList rows) override {
    const Place y = result();
    const Weights weights = find_weights();
    for_rows(rows, y.stride, [&](std::int64_t r, std::size_t thread) {
      float* result_row = y.row(r);
      op_.expression_forward(operand_rows(r, thread).data(), weights.data(), &result_row, scratch(thread));
    });
  }

  void backward(RowList rows) override {
    const Place y = result();
    const Place dy = result_gradient();
    if (!dy || op_.expression_backward == nullptr) return;
    const Weights weights = find_weights();
    const std::size_t tasks = tasks_for(rows.count, rows.count * dy.stride);
    float* const parts = shared_.op_scratch.data();
    std::fill_n(parts, weight_floats_ * static_cast<std::int64_t>(tasks), 0.0F);
    run_tasks(tasks, [&](std::size_t task, std::size_t thread) {
      float* const part = parts + weight_floats_ * static_cast<std::int64_t>(task);
      const std::int64_t end = split_at(rows.count, tasks, task + 1);
      for (std::int64_t i = split_at(rows.count, tasks, task); i < end; ++i) {
        const std::int64_t r = rows.rows[i];
        std::vector<const float*>& operands = operand_rows(r, thread);
        operands[op_.operand_count] = dy.row(r);
        operands[op_.operand_count + std::size_t{1}] = y.row(r);
        op_.expression_backward(operands.data(), weights.data(), gradient_rows(r, thread, part).data(),
                                scratch(thread));
      }
    });
    add_weight_gradients(parts, tasks);
  }

 private:
  static constexpr std::size_t most_weights = std::size(decltype(d2nn_op::params){});
  using Weights = std::array<const float*, most_weights>;

  float* scratch(std::size_t thread) { return shared_.thread_scratch[thread].data(); }

  Weights find_weights() const {
    Weights weights{};
    for (std::size_t i = 0; i < most_weights; ++i) weights[i] = parameter(i);
    return weights;
  }

  /// The operands of a row; two places more, for the gradient of the result and the result.
  std::vector<const float*>& operand_rows(std::int64_t row, std::size_t thread) {
    std::vector<const float*>& operands = operands_per_thread_[thread];
    for (std::uint32_t i = 0; i < op_.operand_count; ++i) operands[i] = operand(i).row(row);
    return operands;
  }

  /// Where backward writes: the gradients of the operands that have one, then those of the weights in `part`.
  std::vector<float*>& gradient_rows(std::int64_t row, std::size_t thread, float* part) {
    std::vector<float*>& results = results_per_thread_[thread];
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < op_.operand_count; ++i) {
      if (const Place gradient = operand_gradient(i)) results[count++] = gradient.row(row);
    }
    for (const std::uint32_t p : op_.params) {
      if (p == D2NN_NO_INDEX) continue;
      results[count++] = part;
      part += shared_.module.parameters[p].tensor.elements;
    }
    return results;
  }

  /// In the order of the tasks, so that the sums are the same bits for the same thread count.
  void add_weight_gradients(const float* parts, std::size_t tasks) {
    for (std::size_t task = 0; task < tasks; ++task) {
      for (std::size_t i = 0; i < most_weights; ++i) {
        if (op_.params[i] == D2NN_NO_INDEX) continue;
        const std::int64_t elements = shared_.module.parameters[op_.params[i]].tensor.elements;
        loops().copy(elements, parts, parameter_gradient(i), true);
        parts += elements;
      }
    }
  }

  std::int64_t weight_floats_ = 0;
  std::vector<std::vector<const float*>> operands_per_thread_;
  std::vector<std::vector<float*>> results_per_thread_;
};

}  // namespace

std::unique_ptr<TrainOp> make_expression(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<ExpressionOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
