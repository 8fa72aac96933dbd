// SGD and Adam over flat vectors: see optimiser.h.
#include "train/optimiser.h"

#include <algorithm>
#include <cmath>

#include "exec/float_mode.h"

namespace d2nn::train {
namespace {

/// Floats of a chunk: large enough that a task costs little, small enough to share out evenly.
constexpr std::int64_t chunk_floats = 16384;

constexpr double adam_first_decay = 0.9;
constexpr double adam_second_decay = 0.999;
constexpr float adam_epsilon = 1e-8F;

void sgd(std::int64_t count, float rate, float momentum, float decay, float* __restrict weights,
         float* __restrict gradients, float* __restrict velocity) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float gradient = gradients[i] + decay * weights[i];
    velocity[i] = momentum * velocity[i] + gradient;
    weights[i] -= rate * velocity[i];
    gradients[i] = 0;
  }
}

/// step_size = lr / (1 - 0.9^t), second_scale = 1 / sqrt(1 - 0.999^t), keep = 1 - lr * decay.
void adam(std::int64_t count, float step_size, float second_scale, float keep, float* __restrict weights,
          float* __restrict gradients, float* __restrict first, float* __restrict second) {
  constexpr auto b1 = static_cast<float>(adam_first_decay);
  constexpr auto b2 = static_cast<float>(adam_second_decay);
  constexpr auto c1 = static_cast<float>(1 - adam_first_decay);
  constexpr auto c2 = static_cast<float>(1 - adam_second_decay);
  for (std::int64_t i = 0; i < count; ++i) {
    const float gradient = gradients[i];
    first[i] = b1 * first[i] + c1 * gradient;
    second[i] = b2 * second[i] + c2 * gradient * gradient;
    weights[i] = keep * weights[i] - step_size * first[i] / (std::sqrt(second[i]) * second_scale + adam_epsilon);
    gradients[i] = 0;
  }
}

}  // namespace

Optimiser::Optimiser(const d2nn_module& module, const TrainOptions& options)
    : kind_(options.optimizer),
      momentum_(options.momentum),
      weight_decay_(options.weight_decay),
      first_(static_cast<std::size_t>(module.parameter_floats)),
      second_(options.optimizer == OptimizerKind::adam ? static_cast<std::size_t>(module.parameter_floats) : 0) {
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    const d2nn_parameter& parameter = module.parameters[p];
    Chunk chunk;
    chunk.is_control = module.nodes[parameter.node].kind == D2NN_NODE_CONTROL;
    chunk.is_trained = parameter.is_trained != 0;
    chunk.decays = parameter.decays != 0;
    for (std::int64_t done = 0; done < parameter.tensor.elements; done += chunk_floats) {
      chunk.offset = parameter.offset + done;
      chunk.count = std::min(chunk_floats, parameter.tensor.elements - done);
      chunks_.push_back(chunk);
    }
  }
}

void Optimiser::step(const StepPlan& plan, std::span<float> parameters, std::span<float> gradients,
                     threads::ThreadPool& pool) noexcept {
  if (trains(plan.stage, false)) ++regular_steps_;
  if (trains(plan.stage, true)) ++control_steps_;
  const auto rate = static_cast<float>(plan.learning_rate);
  auto update = [&](std::size_t task, std::size_t) {
    const exec::FlushSubnormals mode;  // the moments of a branch that is not taken fade into subnormals
    const Chunk& chunk = chunks_[task];
    float* weights = parameters.data() + chunk.offset;
    float* gradient = gradients.data() + chunk.offset;
    if (!chunk.is_trained || !trains(plan.stage, chunk.is_control)) {
      std::fill_n(gradient, chunk.count, 0.0F);
      return;
    }
    const double decay = chunk.decays ? weight_decay_ : 0;
    if (kind_ == OptimizerKind::sgd) {
      sgd(chunk.count, rate, static_cast<float>(momentum_), static_cast<float>(decay), weights, gradient,
          first_.data() + chunk.offset);
      return;
    }
    const auto t = static_cast<double>(chunk.is_control ? control_steps_ : regular_steps_);
    adam(chunk.count, static_cast<float>(plan.learning_rate / (1 - std::pow(adam_first_decay, t))),
         static_cast<float>(1 / std::sqrt(1 - std::pow(adam_second_decay, t))),
         static_cast<float>(1 - plan.learning_rate * decay), weights, gradient, first_.data() + chunk.offset,
         second_.data() + chunk.offset);
  };
  pool.run(chunks_.size(), update);
}

OptimiserState Optimiser::state() {
  return {first_.values(), second_.values(), regular_steps_, control_steps_};
}

void Optimiser::set_steps(std::int64_t regular_steps, std::int64_t control_steps) {
  regular_steps_ = regular_steps;
  control_steps_ = control_steps;
}

}  // namespace d2nn::train
