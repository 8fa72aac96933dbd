// Training: the compiled training code as the harness drives it, with the loss that compare.py gives PyTorch:
// cross-entropy of the scores, mean over the rows, plus the mean square of Q's scores.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "contestants.h"
#include "train/optimiser.h"
#include "train/step_runner.h"
#include "trained_high_low.h"
#include "weights/safetensors.h"

namespace d2nn::bench {
namespace {

/// So small that thousands of steps leave the decisions as they are.
constexpr double learning_rate = 1e-6;

template <class T>
T taken(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().message());
  return *std::move(result);
}

void require(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message());
}

train::TrainOptions plain_sgd() {
  train::TrainOptions options;
  options.optimizer = OptimizerKind::sgd;
  options.momentum = 0;
  return options;
}

class CompiledTraining final : public Contestant {
 public:
  CompiledTraining(Problem problem, std::size_t threads)
      : problem_(std::move(problem)),
        module_(*trained_high_low_module()),
        pool_(threads),
        runner_(taken(train::StepRunner::create(module_, problem_.batch(), pool_))),
        optimiser_(module_, plain_sgd()) {
    const weights::Safetensors file = taken(weights::Safetensors::open(problem_.weights_path));
    const weights::ParameterSet loaded = taken(weights::load(module_, file));
    std::copy(loaded.values.begin(), loaded.values.end(), runner_->parameters().begin());
  }

  void run() override {
    forward_backward();
    train::StepPlan plan;
    plan.stage = train::Stage::joint;
    plan.learning_rate = learning_rate;
    optimiser_.step(plan, runner_->parameters(), runner_->parameter_gradients(), pool_);
  }

  /// The gradients of a step in the module's order of parameters (declaration order, weight before bias).
  std::vector<float> result() override {
    forward_backward();
    const auto gradients = runner_->parameter_gradients();
    std::vector<float> result;
    for (std::uint32_t p = 0; p < module_.parameter_count; ++p) {
      const d2nn_parameter& parameter = module_.parameters[p];
      const auto begin = gradients.begin() + parameter.offset;
      result.insert(result.end(), begin, begin + parameter.tensor.elements);
    }
    std::fill(gradients.begin(), gradients.end(), 0.0F);
    return result;
  }
  std::string description() const override {
    std::string names;
    for (std::uint32_t p = 0; p < module_.parameter_count; ++p)
      names += std::string(names.empty() ? "" : " ") + module_.parameters[p].tensor.name;
    return names;
  }

 private:
  void forward_backward() {
    train::ForwardRequest request;
    request.rows = problem_.batch();
    const float* inputs[] = {problem_.images.data()};
    request.inputs = inputs;
    require(runner_->forward(request));
    runner_->clear_gradients();
    add_loss_gradients();
    require(runner_->backward());
  }

  void add_loss_gradients() {
    const std::int64_t rows = problem_.batch();
    const float share = 1.0F / static_cast<float>(rows);
    const float* scores = runner_->output(0);
    float* gradient = runner_->output_gradient(0);
    const float* decisions = runner_->scores(0);
    float* decision_gradient = runner_->score_gradient(0);
    const std::int64_t stride = runner_->score_stride(0);
    for (std::int64_t r = 0; r < rows; ++r) {
      const float first = 1.0F / (1.0F + std::exp(scores[2 * r + 1] - scores[2 * r]));
      const float probabilities[] = {first, 1.0F - first};
      const auto label = static_cast<std::size_t>(problem_.labels[static_cast<std::size_t>(r)]);
      for (std::size_t c = 0; c < 2; ++c) {
        gradient[2 * r + static_cast<std::int64_t>(c)] = share * (probabilities[c] - (c == label ? 1.0F : 0.0F));
        const std::int64_t at = r * stride + static_cast<std::int64_t>(c);
        decision_gradient[at] += share * decisions[at];  // of the mean of 2 * rows squares
      }
    }
  }

  Problem problem_;
  const d2nn_module& module_;
  threads::ThreadPool pool_;
  std::unique_ptr<train::StepRunner> runner_;
  train::Optimiser optimiser_;
};

}  // namespace

std::unique_ptr<Contestant> compiled_training(Problem problem, std::size_t threads) {
  return std::make_unique<CompiledTraining>(std::move(problem), threads);
}

}  // namespace d2nn::bench
