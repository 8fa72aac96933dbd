// One op of a training table: what its kernels share, and the base of one class per op family.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/isa/loops.h"
#include "kernels/padded_plane_conv.h"
#include "kernels/train_ops.h"

namespace d2nn::kernels::train {

/// What all ops of a TrainOps read: where the step's values live, the threads, and scratch memory.
struct Shared {
  const d2nn_module& module;
  const d2nn_train_code& code;
  const isa::Loops& loops;
  threads::ThreadPool& pool;
  std::int64_t capacity;
  TrainMemory memory;
  TrainStep step;
  std::vector<storage::AlignedFloats> thread_scratch;  // [threads]: of the op that is running
  storage::AlignedFloats op_scratch;                   // shared by the threads of the op that is running
  std::atomic<bool> has_failed{false};  // a library call ran out of memory; the step's results are worthless
};

/// The rows of one tensor: row r starts at base + r * stride. base is nullptr when there is none.
struct Place {
  float* base = nullptr;
  std::int64_t stride = 0;
  float* row(std::int64_t r) const { return base + r * stride; }
  explicit operator bool() const { return base != nullptr; }
};

/// The executed rows of a step, ascending and distinct.
struct RowList {
  const std::int32_t* rows;
  std::int64_t count;
  bool is_contiguous() const { return count > 0 && rows[count - 1] - rows[0] + 1 == count; }
};

/// Where task `index` of `tasks` begins when n things are split evenly; the split depends on nothing else, so that
/// results are the same bits for the same thread count.
inline std::int64_t split_at(std::int64_t n, std::size_t tasks, std::size_t index) {
  return n * static_cast<std::int64_t>(index) / static_cast<std::int64_t>(tasks);
}

/// Forward and backward of one op. Sizes were checked when it was made; running it allocates nothing of ours.
class TrainOp {
 public:
  TrainOp(const d2nn_op& op, std::uint32_t index, Shared& shared) : op_(op), index_(index), shared_(shared) {}
  virtual ~TrainOp() = default;
  TrainOp(const TrainOp&) = delete;
  TrainOp& operator=(const TrainOp&) = delete;

  /// Floats of scratch that each thread, and the op as a whole, needs.
  virtual std::int64_t thread_scratch_floats() const { return 0; }
  virtual std::int64_t op_scratch_floats() const { return 0; }
  /// Packs what changed with the parameters.
  virtual void begin_step() {}
  virtual void forward(RowList rows) = 0;
  virtual void backward(RowList rows) = 0;

 protected:
  const isa::Loops& loops() const { return shared_.loops; }
  std::int64_t in_elements() const { return op_.in_c * op_.in_h * op_.in_w; }
  std::int64_t out_elements() const { return op_.out_c * op_.out_h * op_.out_w; }

  /// The values of a buffer or network input.
  Place value(std::uint32_t buffer) const {
    if (buffer >= D2NN_INPUT_OPERAND) {
      const std::uint32_t input = buffer - D2NN_INPUT_OPERAND;
      // Never written: ops write results only, and an input is no result.
      return {const_cast<float*>(shared_.memory.inputs[input]), shared_.module.inputs[input].elements};
    }
    const d2nn_buffer& b = shared_.code.buffers[buffer];
    return {static_cast<float*>(d2nn_buffer_row(shared_.memory.values, &b, shared_.capacity, 0)),
            b.row_bytes / static_cast<std::int64_t>(sizeof(float))};
  }
  Place operand(std::size_t i = 0) const { return value(op_.operands[i]); }
  Place result() const { return value(op_.result); }

  /// The gradient of a buffer, if it has one.
  Place gradient(std::uint32_t buffer) const {
    if (buffer >= D2NN_INPUT_OPERAND || shared_.code.buffers[buffer].gradient_offset_bytes < 0) return {};
    const d2nn_buffer& b = shared_.code.buffers[buffer];
    return {d2nn_gradient_row(shared_.memory.gradients, &b, shared_.capacity, 0), b.elements};
  }
  Place operand_gradient(std::size_t i = 0) const { return gradient(op_.operands[i]); }
  Place result_gradient() const { return gradient(op_.result); }
  /// True when operand i's gradient must be added to: a node's value, or an operand given twice whose first turn is
  /// over.
  bool adds(std::size_t i = 0) const {
    if (shared_.code.buffers[op_.operands[i]].gradient_accumulates != 0) return true;
    return std::find(op_.operands, op_.operands + i, op_.operands[i]) != op_.operands + i;
  }

  /// Parameter number `role` in the layer's order (conv, dense: weight, bias; batch_norm: then running mean, running
  /// variance), or nullptr when the op has none.
  float* parameter(std::size_t role) const {
    const std::uint32_t p = op_.params[role];
    return p == D2NN_NO_INDEX ? nullptr : shared_.memory.parameters + shared_.module.parameters[p].offset;
  }
  /// Its gradient; nullptr also when it is not trained.
  float* parameter_gradient(std::size_t role) const {
    const std::uint32_t p = op_.params[role];
    if (p == D2NN_NO_INDEX || shared_.module.parameters[p].is_trained == 0) return nullptr;
    return shared_.memory.parameter_gradients + shared_.module.parameters[p].offset;
  }

  /// Threads worth waking for `floats` floats of work.
  std::size_t tasks_for(std::int64_t count, std::int64_t floats) const {
    constexpr std::int64_t floats_worth_a_thread = 8192;
    const auto most = std::min<std::int64_t>(
        {static_cast<std::int64_t>(shared_.pool.threads()), count, floats / floats_worth_a_thread});
    return static_cast<std::size_t>(std::max<std::int64_t>(most, 1));
  }
  /// Calls body(task, thread) for each task.
  template <class F>
  void run_tasks(std::size_t tasks, F body) const {
    if (tasks == 1) {
      body(std::size_t{0}, std::size_t{0});
    } else {
      shared_.pool.run(tasks, body);
    }
  }
  /// Calls body(row, thread) for each listed row, rows split over the threads. floats: work per row.
  template <class F>
  void for_rows(RowList list, std::int64_t floats, F body) const {
    const std::size_t tasks = tasks_for(list.count, list.count * floats);
    run_tasks(tasks, [&](std::size_t task, std::size_t thread) {
      const std::int64_t end = split_at(list.count, tasks, task + 1);
      for (std::int64_t i = split_at(list.count, tasks, task); i < end; ++i) body(std::int64_t{list.rows[i]}, thread);
    });
  }

  const d2nn_op op_;
  const std::uint32_t index_;
  Shared& shared_;
};

/// TrainOps::create with given loops, so that tests reach every instruction set of the CPU.
Result<std::unique_ptr<TrainOps>> create_train_ops(const d2nn_module& module, std::int64_t capacity,
                                                   threads::ThreadPool& pool, const isa::Loops& loops);

using MakeOp = std::unique_ptr<TrainOp> (*)(const d2nn_op& op, std::uint32_t index, Shared& shared);

std::unique_ptr<TrainOp> make_conv(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_dense(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_matmul(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_attention(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_max_pool(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_avg_pool(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_top(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_batch_norm(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_dropout(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_copy(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_normalize(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_expression(const d2nn_op& op, std::uint32_t index, Shared& shared);
std::unique_ptr<TrainOp> make_concat(const d2nn_op& op, std::uint32_t index, Shared& shared);

}  // namespace d2nn::kernels::train
