// One mini-batch through the compiled training code, forward and backward: owns the frame, the arenas and the
// gradients, and answers d2nn_rt_train_* (train_calls.cpp). Knows nothing of losses, rewards or data sets.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "d2nn/module.h"
#include "exec/frame.h"
#include "kernels/train_ops.h"
#include "status/status.h"
#include "threads/thread_pool.h"
#include "weights/pack.h"

namespace d2nn::train {

/// What d2nn_frame_state::train_step points to while compiled training code runs. Owned by the runner.
struct StepState {
  const d2nn_train_code* code = nullptr;
  kernels::TrainOps* ops = nullptr;
  threads::ThreadPool* pool = nullptr;
  float* gradients = nullptr;                // gradient arena
  float* const* output_gradients = nullptr;  // [outputs]: [capacity, output elements]
};

/// What compiled code may call in training: `frame.calls` of a runner's frame (train_calls.cpp).
extern const d2nn_calls training_calls;

/// What a forward pass needs besides the parameters.
struct ForwardRequest {
  std::int64_t rows = 0;                   // 1 .. capacity
  const float* const* inputs = nullptr;    // [inputs]: [rows, input elements], alive until after backward
  const std::uint64_t* samples = nullptr;  // [rows]: keys of dropout and exploration
  exec::DecisionPolicy* policy = nullptr;  // nullptr: greedy
  bool is_training = true;                 // false: running statistics, no dropout
  bool moves_statistics = true;            // false: running statistics stay as they are
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
};

/// Runs mini-batches of up to `capacity` rows. Allocates when made, never in forward() or backward(). One caller at a
/// time.
class StepRunner {
 public:
  /// The pool and the module must outlive the runner. D2NN_UNSUPPORTED: the module has no training code.
  static Result<std::unique_ptr<StepRunner>> create(const d2nn_module& module, std::int64_t capacity,
                                                    threads::ThreadPool& pool);

  /// Runs the network on rows 0 .. rows-1 with the current parameters. D2NN_NONFINITE_CONTROL names the control node.
  Status forward(const ForwardRequest& request);
  /// Sets to zero, for the rows of the last forward pass, the gradients of outputs and of every value that accumulates.
  void clear_gradients();
  /// From the gradients of outputs and scores to those of the parameters, which are added to parameter_gradients().
  Status backward();

  std::int64_t capacity() const { return frame_.capacity(); }
  std::int64_t rows() const { return rows_; }
  std::span<float> parameters() { return parameters_.values(); }
  std::span<float> parameter_gradients() { return parameter_gradients_.values(); }

  /// [rows, elements of output]; NaN where null.
  const float* output(std::uint32_t output) const { return outputs_[output]; }
  /// [rows]: 1 the output has a value.
  const std::uint8_t* valid(std::uint32_t output) const { return valid_[output]; }
  /// [rows, elements of output].
  float* output_gradient(std::uint32_t output) { return output_gradients_[output]; }
  /// [rows]: the action taken, -1 where the control node did not execute.
  const std::int32_t* actions(std::uint32_t control) const { return frame_.actions(control); }
  /// Scores of a control node [rows, stride].
  const float* scores(std::uint32_t control) const;
  std::int64_t score_stride(std::uint32_t control) const;
  /// Their gradient [rows, stride], or nullptr when none is needed.
  float* score_gradient(std::uint32_t control);
  /// Multiplications that a row executed, control nodes included.
  std::int64_t cost(std::int64_t row) const { return frame_.cost(row); }

 private:
  StepRunner(const d2nn_module& module, std::int64_t capacity, threads::ThreadPool& pool);
  Status describe(std::int32_t status, const char* direction) const;

  const d2nn_module& module_;
  const d2nn_train_code& code_;
  std::int64_t rows_ = 0;
  exec::Frame frame_;
  storage::AlignedFloats gradient_arena_;
  storage::AlignedFloats parameters_;
  storage::AlignedFloats parameter_gradients_;
  storage::AlignedFloats output_values_;
  storage::AlignedFloats output_gradient_values_;
  std::vector<std::uint8_t> valid_values_;
  std::vector<float*> outputs_;
  std::vector<float*> output_gradients_;
  std::vector<std::uint8_t*> valid_;
  std::vector<std::uint32_t> accumulating_;  // buffers whose gradients are cleared
  kernels::TrainMemory memory_;
  std::unique_ptr<kernels::TrainOps> ops_;
  StepState step_state_;
};

}  // namespace d2nn::train
