// The door of the kernels room for training: forward and backward of every op over the rows that execute it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "d2nn/module.h"
#include "status/status.h"
#include "threads/thread_pool.h"

namespace d2nn::kernels {

/// Where the values of one training step live. All belong to the trainer.
struct TrainMemory {
  float* values = nullptr;      // arena: train->arena_bytes * capacity bytes
  float* gradients = nullptr;   // gradient arena: train->gradient_bytes * capacity bytes; rows of accumulating buffers
                                // are zero before backward
  std::int64_t capacity = 0;    // rows
  float* parameters = nullptr;  // flat, module->parameter_floats; running statistics are updated in place
  float* parameter_gradients = nullptr;  // flat, the same layout; zero before backward, added to
  const float* const* inputs = nullptr;  // [inputs]: row 0
};

/// What a step does to batch norm and dropout (docs/training.md, "Stages and schedules").
struct TrainStep {
  bool is_training = true;  // false: running statistics, no dropout
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  const std::uint64_t* sample_ids = nullptr;  // [rows]: keys of the dropout masks
  double expected_rows = 0;                   // momentum is scaled by rows / expected_rows
};

/// Forward and backward of all ops of a module's training table. Rows are lists of places; kernels split them over the
/// pool. Results are the same bits for the same thread count. Made for one capacity; one caller at a time.
class TrainOps {
 public:
  static Result<std::unique_ptr<TrainOps>> create(const d2nn_module& module, std::int64_t capacity,
                                                  threads::ThreadPool& pool);
  virtual ~TrainOps() = default;

  /// Before the first op of a step: packs the parameters that changed.
  virtual Status begin_step(const TrainMemory& memory, const TrainStep& step) = 0;
  /// Writes the op's result buffer for the listed rows (ascending, distinct).
  virtual d2nn_status forward(std::uint32_t op, const std::int32_t* rows, std::int64_t count) noexcept = 0;
  /// Reads the gradient of the result; writes the gradients of the operands, or adds to them where the buffer
  /// accumulates (d2nn_buffer::gradient_accumulates; none where gradient_offset_bytes is -1 or the operand is a network
  /// input), and adds to those of the parameters.
  virtual d2nn_status backward(std::uint32_t op, const std::int32_t* rows, std::int64_t count) noexcept = 0;
};

}  // namespace d2nn::kernels
