// Inference: the compiled module as a user has it, and the hand-written program.
#include <stdexcept>

#include "contestants.h"
#include "high_low.h"
#include "threads/openmp_guard.h"

namespace d2nn::bench {
namespace {

void require(d2nn_status status) {
  if (status != D2NN_OK) throw std::runtime_error(d2nn_last_error());
}

class CompiledNetwork final : public Contestant {
 public:
  explicit CompiledNetwork(Problem problem) : problem_(std::move(problem)), scores_(problem_.takes_high.size() * 2) {
    const d2nn_weights_source source{sizeof source, D2NN_WEIGHTS_FILE, problem_.weights_path.c_str(), nullptr, 0};
    require(d2nn_model_create(high_low_module(), &source, &model_));
    const d2nn_context_options options{sizeof options, problem_.takes_high.size(), 1};
    require(d2nn_context_create_with(model_, &options, &context_));
    check_paths();
  }
  ~CompiledNetwork() override {
    d2nn_context_destroy(context_);
    d2nn_model_destroy(model_);
  }
  void run() override {
    const float* inputs[] = {problem_.images.data()};
    float* outputs[] = {scores_.data()};
    require(d2nn_run(context_, problem_.takes_high.size(), inputs, outputs, nullptr));
  }
  std::vector<float> result() override { return scores_; }

 private:
  /// The module decides by itself: its decisions must be those that the others were told.
  void check_paths() {
    std::vector<std::int32_t> actions(problem_.takes_high.size());
    d2nn_trace trace{sizeof trace, actions.data(), nullptr, nullptr};
    const d2nn_run_options options{sizeof options, 0, 0, nullptr, &trace};
    const float* inputs[] = {problem_.images.data()};
    float* outputs[] = {scores_.data()};
    require(d2nn_run(context_, problem_.takes_high.size(), inputs, outputs, &options));
    for (std::size_t r = 0; r < actions.size(); ++r) {
      if ((actions[r] == HIGH_LOW_Q_HIGH) != (problem_.takes_high[r] != 0))
        throw std::runtime_error("row " + std::to_string(r) + " took another path than the one it was made for");
    }
  }

  Problem problem_;
  std::vector<float> scores_;
  d2nn_model* model_ = nullptr;
  d2nn_context* context_ = nullptr;
};

class LimitNetwork final : public Contestant {
 public:
  explicit LimitNetwork(Problem problem)
      : problem_(std::move(problem)),
        plan_(fastest_plan(problem_.weights, problem_.takes_high, problem_.images.data())),
        network_(problem_.weights, problem_.takes_high, plan_),
        scores_(problem_.takes_high.size() * 2) {}
  void run() override { network_.run(problem_.images.data(), scores_.data()); }
  std::vector<float> result() override { return scores_; }
  std::string description() const override { return describe(plan_); }

 private:
  threads::OneOpenMpThread one_thread_;  // for as long as the program runs: kernels are chosen and called for one
  Problem problem_;
  LimitPlan plan_;
  LimitHighLow network_;
  std::vector<float> scores_;
};

}  // namespace

std::unique_ptr<Contestant> compiled_network(Problem problem) {
  return std::make_unique<CompiledNetwork>(std::move(problem));
}

std::unique_ptr<Contestant> limit_network(Problem problem) {
  return std::make_unique<LimitNetwork>(std::move(problem));
}

}  // namespace d2nn::bench
