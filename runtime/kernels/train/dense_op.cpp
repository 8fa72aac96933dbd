// Dense layers in training: the library's matrix product on the weights as they are ([units, in]), units (forward,
// weight gradient) or inputs (data gradient) split over the threads. The operand is gathered transposed for the forward
// pass, because weights x operand^T runs at full speed and operand x weights^T at half of it. A layer with several
// places (linear) has a line of the product for each place of each row.
#include "kernels/matrix_product.h"
#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

class DenseOp final : public TrainOp {
 public:
  DenseOp(const d2nn_op& op, std::uint32_t index, Shared& shared)
      : TrainOp(op, index, shared),
        places_(op.out_h),
        inputs_(in_elements() / op.out_h),
        line_pointers_(static_cast<std::size_t>(shared.capacity * op.out_h)) {}

  std::int64_t op_scratch_floats() const override { return 2 * (in_elements() + out_elements()) * shared_.capacity; }

  void forward(RowList rows) override {
    const std::int64_t in = inputs_;
    const std::int64_t units = op_.out_c;
    const std::int64_t n = rows.count * places_;
    const Place x = operand();
    const Place y = result();
    const float* weight = parameter(0);
    const float* bias = parameter(1);
    float* columns = shared_.op_scratch.data();  // [in][n]
    float* transposed = columns + in * n;        // [units][n]
    point_at(x, rows);

    const std::size_t tasks = tasks_for(std::min(in, units), in * units * n / 16);
    run_tasks(tasks, [&](std::size_t task, std::size_t) {
      const std::int64_t first = split_at(in, tasks, task);
      transpose_rows(first, split_at(in, tasks, task + 1), n, columns);
    });
    run_tasks(tasks, [&](std::size_t task, std::size_t) {
      const std::int64_t first = split_at(units, tasks, task);
      const std::int64_t count = split_at(units, tasks, task + 1) - first;
      product({'N', 'N', count, n, in, weight + first * in, in, columns, n, 0.0F, transposed + first * n, n});
      for (std::int64_t i = 0; i < n; ++i) {
        float* to = line(y, rows, i, units) + first;
        const float* from = transposed + first * n + i;
        for (std::int64_t u = 0; u < count; ++u) to[u] = from[u * n] + (bias ? bias[first + u] : 0.0F);
      }
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    if (!dy) return;
    const std::int64_t in = inputs_;
    const std::int64_t units = op_.out_c;
    const std::int64_t n = rows.count * places_;
    float* scratch = shared_.op_scratch.data();
    const float* gradients = gather(dy, rows, scratch);  // [n][units]
    scratch += units * n;
    const std::size_t tasks = tasks_for(std::min(in, units), in * units * n / 16);

    float* dw = parameter_gradient(0);
    float* db = parameter_gradient(1);
    if (dw || db) {
      const float* operands = dw ? gather(operand(), rows, scratch) : nullptr;  // [n][in]
      run_tasks(tasks, [&](std::size_t task, std::size_t) {
        const std::int64_t first = split_at(units, tasks, task);
        const std::int64_t count = split_at(units, tasks, task + 1) - first;
        if (dw) product({'T', 'N', count, in, n, gradients + first, units, operands, in, 1.0F, dw + first * in, in});
        for (std::int64_t i = 0; db && i < n; ++i) loops().add(count, gradients + i * units + first, db + first);
      });
    }
    if (const Place dx = operand_gradient()) data_gradient(rows, dx, gradients, scratch, tasks);
  }

 private:
  void product(const MatrixProduct& p) const {
    if (!multiply(p)) shared_.has_failed = true;
  }
  /// Line i of all rows' lines, each of `size` floats.
  float* line(Place tensor, RowList rows, std::int64_t i, std::int64_t size) const {
    return tensor.row(rows.rows[i / places_]) + i % places_ * size;
  }
  void point_at(Place x, RowList rows) {
    for (std::int64_t i = 0; i < rows.count * places_; ++i)
      line_pointers_[static_cast<std::size_t>(i)] = line(x, rows, i, inputs_);
  }
  void transpose_rows(std::int64_t first, std::int64_t end, std::int64_t n, float* columns) const {
    loops().transpose(n, first, end, line_pointers_.data(), columns + first * n, n);
  }
  /// The rows one behind the other: in place when they are, else copied.
  const float* gather(Place x, RowList rows, float* to) const {
    if (rows.is_contiguous()) return x.row(rows.rows[0]);
    for (std::int64_t i = 0; i < rows.count; ++i) loops().copy(x.stride, x.row(rows.rows[i]), to + i * x.stride, false);
    return to;
  }

  void data_gradient(RowList rows, Place dx, const float* gradients, float* scratch, std::size_t tasks) const {
    const std::int64_t in = inputs_;
    const std::int64_t units = op_.out_c;
    const std::int64_t n = rows.count * places_;
    const bool add = adds();
    const bool in_place = rows.is_contiguous();
    float* to = in_place ? dx.row(rows.rows[0]) : scratch;
    const float* weight = parameter(0);
    run_tasks(tasks, [&](std::size_t task, std::size_t) {
      const std::int64_t first = split_at(in, tasks, task);
      const std::int64_t count = split_at(in, tasks, task + 1) - first;
      product({'N', 'N', n, count, units, gradients, units, weight + first, in, in_place && add ? 1.0F : 0.0F,
               to + first, in});
      for (std::int64_t i = 0; !in_place && i < n; ++i)
        loops().copy(count, to + i * in + first, line(dx, rows, i, in) + first, add);
    });
  }

  std::int64_t places_;
  std::int64_t inputs_;  // of one place
  std::vector<const float*> line_pointers_;
};

}  // namespace

std::unique_ptr<TrainOp> make_dense(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<DenseOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
