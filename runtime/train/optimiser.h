// The update of parameters: SGD with momentum and Adam, with PyTorch's meanings. State is one or two flat vectors
// beside the parameters; running statistics are never touched, nor are parameters frozen in this step.
//
//   sgd    v = momentum * v + (g + decay * w);  w -= lr * v
//   adam   m = 0.9 m + 0.1 g;  v = 0.999 v + 0.001 g^2;  w *= 1 - lr * decay;  w -= lr * (m / (1 - 0.9^t)) / (sqrt(v /
//   (1 - 0.999^t)) + 1e-8)
//
// t counts the steps in which the parameter was not frozen: control nodes start when their stage starts. Decay is for
// the weights of conv and dense alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "d2nn/module.h"
#include "threads/thread_pool.h"
#include "train/options.h"
#include "train/schedule.h"
#include "weights/pack.h"

namespace d2nn::train {

/// The state of an optimiser, for checkpoints.
struct OptimiserState {
  std::span<float> first;          // [module.parameter_floats]: momentum, or Adam's m
  std::span<float> second;         // [module.parameter_floats] for Adam, else empty
  std::int64_t regular_steps = 0;  // updates that regular nodes had
  std::int64_t control_steps = 0;  // updates that control nodes had
};

/// One per run. Allocates when made, never in step().
class Optimiser {
 public:
  Optimiser(const d2nn_module& module, const TrainOptions& options);

  /// Updates the parameters that the stage trains, and sets all gradients to zero. parameters, gradients:
  /// [module.parameter_floats]. Elementwise, so the same bits for any number of threads.
  void step(const StepPlan& plan, std::span<float> parameters, std::span<float> gradients,
            threads::ThreadPool& pool) noexcept;

  OptimiserState state();
  void set_steps(std::int64_t regular_steps, std::int64_t control_steps);
  OptimizerKind kind() const { return kind_; }

 private:
  /// A piece of one tensor, the unit of work of a thread.
  struct Chunk {
    std::int64_t offset = 0;
    std::int64_t count = 0;
    bool is_control = false;
    bool is_trained = false;
    bool decays = false;
  };

  OptimizerKind kind_;
  double momentum_;
  double weight_decay_;
  std::vector<Chunk> chunks_;
  storage::AlignedFloats first_;
  storage::AlignedFloats second_;
  std::int64_t regular_steps_ = 0;
  std::int64_t control_steps_ = 0;
};

}  // namespace d2nn::train
