// A training run from first step to last: see trainer.h.
#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <new>
#include <numeric>
#include <system_error>
#include <thread>
#include <utility>

#include "io/atomic_file.h"
#include "threads/thread_pool.h"
#include "train/bags.h"
#include "train/batch_loader.h"
#include "train/checkpoint.h"
#include "train/collapse.h"
#include "train/initialise.h"
#include "train/objective.h"
#include "train/optimiser.h"
#include "train/policy.h"
#include "train/schedule.h"
#include "train/step_runner.h"
#include "weights/safetensors.h"

namespace d2nn::train {
namespace {

using Clock = std::chrono::steady_clock;

/// Weight of the newest step in the running means that progress shows.
constexpr double running_share = 0.05;
/// Data beyond this were not scaled: a training that diverges on them does so because of that before anything else.
constexpr float usual_magnitude = 1000;

/// Losses in the order of the module's outputs; cross-entropy where none is given.
Result<std::vector<OutputLoss>> resolve_losses(const d2nn_module& module, const TrainOptions& options) {
  std::vector<OutputLoss> losses;
  for (std::uint32_t o = 0; o < module.output_count; ++o)
    losses.push_back({module.outputs[o].name, LossKind::cross_entropy, 1});
  for (const OutputLoss& given : options.losses) {
    const auto found =
        std::find_if(losses.begin(), losses.end(), [&](const OutputLoss& loss) { return loss.output == given.output; });
    if (found == losses.end()) {
      std::string names;
      for (std::uint32_t o = 0; o < module.output_count; ++o)
        names += (o == 0 ? "`" : ", `") + std::string(module.outputs[o].name) + "`";
      return Status(D2NN_INVALID_ARGUMENT,
                    "--loss names output `" + given.output + "`, and network `" + module.name + "` has " + names);
    }
    *found = given;
  }
  return losses;
}

std::size_t thread_count(const TrainOptions& options) {
  if (options.threads > 0) return static_cast<std::size_t>(options.threads);
  return std::max(1U, std::thread::hardware_concurrency());
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

/// Running statistics of regular nodes: the stages that train control nodes alone leave them as they are.
class FrozenStatistics {
 public:
  explicit FrozenStatistics(const d2nn_module& module) {
    for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
      const d2nn_parameter& parameter = module.parameters[p];
      if (parameter.is_trained == 0 && module.nodes[parameter.node].kind != D2NN_NODE_CONTROL) {
        parts_.push_back({static_cast<std::size_t>(parameter.offset),
                          std::vector<float>(static_cast<std::size_t>(parameter.tensor.elements))});
      }
    }
  }
  void keep(std::span<const float> parameters) {
    for (Part& part : parts_) std::copy_n(parameters.data() + part.offset, part.values.size(), part.values.data());
  }
  void restore(std::span<float> parameters) const {
    for (const Part& part : parts_) std::copy(part.values.begin(), part.values.end(), parameters.data() + part.offset);
  }

 private:
  struct Part {
    std::size_t offset;
    std::vector<float> values;
  };
  std::vector<Part> parts_;
};

class Run {
 public:
  Run(const d2nn_module& module, const datasets::Dataset& data, const TrainOptions& options,
      std::vector<OutputLoss> losses, Bags bags, std::vector<std::uint32_t> training,
      std::vector<std::uint32_t> held_out, Progress& progress, const volatile std::sig_atomic_t* stop)
      : module_(module),
        data_(data),
        options_(options),
        bags_(std::move(bags)),
        training_(std::move(training)),
        held_out_(std::move(held_out)),
        progress_(progress),
        stop_(stop),
        pool_(thread_count(options)),
        schedule_(options, steps_per_epoch(bags_, options.batch), module.control_count > 0),
        objective_(module, options, std::move(losses), options.batch * options.bag),
        optimiser_(module, options),
        policy_(options.seed),
        frozen_statistics_(module),
        best_(static_cast<std::size_t>(module.parameter_floats)),
        settings_(settings(options)) {}

  Status prepare();
  Result<TrainReport> train();

 private:
  Status step(const Batch& batch);
  Status explore_all(const Batch& batch, ForwardRequest request);
  Status evaluate_epoch(TrainReport& report);
  Status save();
  Status finish(TrainReport& report);
  Status diverged(const std::string& what) const;
  float greatest_magnitude() const;
  Status wrong_reward(const std::string& where) const;
  /// A score or a folded weight that is not finite means that the weights became too large: the run diverged.
  Status explain(const Status& status) const {
    const bool has_diverged = status.code() == D2NN_NONFINITE_CONTROL || status.code() == D2NN_INVALID_WEIGHTS;
    return has_diverged ? diverged(status.message()) : status;
  }
  RunState run_state();
  double seconds() const { return seconds_before_ + std::chrono::duration<double>(Clock::now() - started_).count(); }
  std::span<const std::uint32_t> judged() const {
    return held_out_.empty() ? std::span<const std::uint32_t>(training_) : held_out_;
  }
  bool is_stopped() const { return stop_ != nullptr && *stop_ != 0; }

  const d2nn_module& module_;
  const datasets::Dataset& data_;
  const TrainOptions& options_;
  Bags bags_;
  std::vector<std::uint32_t> training_, held_out_;
  Progress& progress_;
  const volatile std::sig_atomic_t* stop_;
  threads::ThreadPool pool_;
  Schedule schedule_;
  Objective objective_;
  Optimiser optimiser_;
  ExplorationPolicy policy_;
  FrozenStatistics frozen_statistics_;
  std::vector<float> best_;
  std::vector<std::pair<std::string, std::string>> settings_;
  std::string data_identity_;  // empty without checkpoints
  std::unique_ptr<StepRunner> runner_;
  std::int64_t step_ = 0;
  std::int64_t saved_step_ = -1;
  bool has_best_ = false;
  double best_reward_ = 0;
  std::int64_t best_step_ = 0;
  CollapseState collapse_;
  StepInfo shown_;
  bool has_shown_ = false;
  bool is_frozen_ = false;
  double seconds_before_ = 0;
  Clock::time_point started_ = Clock::now();
};

RunState Run::run_state() {
  return {step_,    runner_->parameters(), optimiser_.state(), has_best_, best_, best_reward_, best_step_, collapse_,
          seconds()};
}

Status Run::prepare() {
  for (const std::string& path : {options_.output_path, options_.effective_checkpoint_path()}) {
    if (path.empty()) continue;
    auto file = io::AtomicFile::create(path);  // hours of training must not end in a file that cannot be written
    if (!file.ok()) return file.status();
  }
  if (Status status = datasets::check_finite(data_, pool_.threads()); !status.ok()) return status;
  if (!options_.effective_checkpoint_path().empty()) {
    auto identity = data_identity(data_);
    if (!identity.ok()) return identity.status();
    data_identity_ = *std::move(identity);
  }
  auto runner = StepRunner::create(module_, options_.batch * options_.bag, pool_);
  if (!runner.ok()) return runner.status();
  runner_ = *std::move(runner);
  if (options_.resume) {
    RunState state = run_state();
    if (Status status =
            load_checkpoint(options_.effective_checkpoint_path(), module_, settings_, data_identity_, state);
        !status.ok())
      return status;
    if (state.step < 0 || state.step > schedule_.total_steps()) {
      return {D2NN_INVALID_WEIGHTS, "the checkpoint `" + options_.effective_checkpoint_path() +
                                        "` is damaged: it stands at step " + std::to_string(state.step) + " of " +
                                        std::to_string(schedule_.total_steps())};
    }
    step_ = saved_step_ = state.step;
    optimiser_.set_steps(state.optimiser.regular_steps, state.optimiser.control_steps);
    has_best_ = state.has_best;
    best_reward_ = state.best_reward;
    best_step_ = state.best_step;
    collapse_ = std::move(state.collapse);
    seconds_before_ = state.seconds;
    return {};
  }
  if (options_.initial_weights.empty()) {
    initialise(module_, options_.seed, runner_->parameters());
    return {};
  }
  auto file = weights::Safetensors::open(options_.initial_weights);
  if (!file.ok()) return file.status();
  auto loaded = weights::load(module_, *file, checkpoint_prefix);
  if (!loaded.ok()) return loaded.status();
  std::copy(loaded->values.begin(), loaded->values.end(), runner_->parameters().begin());
  return {};
}

/// Of the first samples that are trained on: enough for a message.
float Run::greatest_magnitude() const {
  constexpr std::size_t looked_at = 1024;
  std::vector<float> values(static_cast<std::size_t>(data_.elements()));
  float greatest = 0;
  for (std::size_t i = 0; i < std::min(looked_at, training_.size()); ++i) {
    if (!data_.fill(training_[i], values.data()).ok()) break;
    for (const float value : values) greatest = std::max(greatest, std::abs(value));
  }
  return greatest;
}

Status Run::diverged(const std::string& what) const {
  std::string message = "the training diverged at step " + std::to_string(step_) + ": " + what;
  if (saved_step_ >= 0) {
    message += "; the checkpoint `" + options_.effective_checkpoint_path() + "` of step " +
               std::to_string(saved_step_) + " is kept";
  }
  const float greatest = greatest_magnitude();
  char values[64];
  std::snprintf(values, sizeof values, "(values up to %g in magnitude were seen)", static_cast<double>(greatest));
  if (step_ == 0) {
    message += "; nothing was updated yet, so the numbers are too large from the start: scale the data " +
               std::string(values) + " or start from other weights";
    return {D2NN_NONFINITE_CONTROL, message};
  }
  message += greatest > usual_magnitude ? "; scale the data " + std::string(values) + ", or" : ";";
  return {D2NN_NONFINITE_CONTROL, message + " train again with a smaller --lr (it is " +
                                      std::to_string(options_.effective_learning_rate()) + ")"};
}

/// An expression of the program that divided by 0 or overflowed: no weight was changed by it.
Status Run::wrong_reward(const std::string& where) const {
  return {D2NN_INVALID_ARGUMENT, "the reward " + where + ", or of another choice there, is not finite: `" +
                                     options_.effective_reward_text() +
                                     "` divides by 0 or overflows; guard it, as in `max(cost, 1)`"};
}

/// Forward passes with every action of every control node forced, so that its reward is known (rule 7). They move no
/// statistics.
Status Run::explore_all(const Batch& batch, ForwardRequest request) {
  request.moves_statistics = false;
  const BatchView view{batch.rows, options_.bag, batch.labels.data(), batch.samples.data()};
  for (std::uint32_t k = 0; k < module_.control_count; ++k) {
    for (std::uint32_t a = 0; a < module_.controls[k].action_count; ++a) {
      policy_.force(k, static_cast<std::int32_t>(a));
      Status status = runner_->forward(request);
      policy_.release();
      if (!status.ok()) return status;
      objective_.record_forced(*runner_, view, k, static_cast<std::int32_t>(a));
    }
  }
  return {};
}

Status Run::step(const Batch& batch) {
  const StepPlan plan = schedule_.at(step_);
  const bool was_frozen = std::exchange(is_frozen_, !trains(plan.stage, false));
  if (is_frozen_ && !was_frozen) frozen_statistics_.keep(runner_->parameters());
  const auto step = static_cast<std::uint64_t>(step_);
  policy_.begin_step(step, plan.epsilon, batch.samples.data());
  const float* input = batch.inputs.data();
  ForwardRequest request;
  request.rows = batch.rows;
  request.inputs = &input;
  request.samples = batch.samples.data();
  request.policy = &policy_;
  request.seed = options_.seed;
  request.step = step;
  if (objective_.explores_all(plan.stage)) {
    if (Status status = explore_all(batch, request); !status.ok()) return explain(status);
  }
  if (Status status = runner_->forward(request); !status.ok()) return explain(status);
  runner_->clear_gradients();
  const StepResult result =
      objective_.evaluate(*runner_, {batch.rows, options_.bag, batch.labels.data(), batch.samples.data()}, plan, step);
  if (result.wrong_bag >= 0)
    return wrong_reward("of bag " + std::to_string(result.wrong_bag) + " at step " + std::to_string(step_));
  if (!std::isfinite(result.loss)) return diverged("the loss is not finite");
  if (Status status = runner_->backward(); !status.ok()) return status;
  optimiser_.step(plan, runner_->parameters(), runner_->parameter_gradients(), pool_);
  if (is_frozen_) frozen_statistics_.restore(runner_->parameters());
  ++step_;

  const double metric = metric_value(result.counts, options_.metric);
  const double keep = has_shown_ ? 1 - running_share : 0;
  shown_ = {step_, plan, keep * shown_.loss + (1 - keep) * result.loss, keep * shown_.metric + (1 - keep) * metric,
            keep * shown_.cost + (1 - keep) * result.cost};
  has_shown_ = true;
  progress_.step(shown_);
  return {};
}

Status Run::evaluate_epoch(TrainReport& report) {
  if (!all_finite(runner_->parameters())) return diverged("a weight is not finite");
  auto evaluation = evaluate(module_, runner_->parameters(), data_, judged(), objective_.reward(), pool_);
  if (!evaluation.ok()) return explain(evaluation.status());
  if (!std::isfinite(evaluation->reward))
    return wrong_reward("of the samples evaluated after step " + std::to_string(step_));
  const Stage stage = schedule_.at(step_ - 1).stage;
  const bool is_best =
      !held_out_.empty() && schedule_.may_keep(step_) && (!has_best_ || evaluation->reward >= best_reward_);
  if (is_best) {
    std::copy(runner_->parameters().begin(), runner_->parameters().end(), best_.begin());
    has_best_ = true;
    best_reward_ = evaluation->reward;
    best_step_ = step_;
  }
  progress_.evaluated({step_, &*evaluation, is_best});
  if (schedule_.may_judge_actions(step_ - 1)) {
    const bool is_last = step_ == schedule_.total_steps();
    for (const std::string& sentence :
         collapse_warnings(module_, *evaluation, objective_.reward(), options_, is_last, collapse_))
      progress_.warn(sentence);
  }
  report.history.push_back({step_, stage, *std::move(evaluation)});
  return {};
}

Status Run::save() {
  const std::string path = options_.effective_checkpoint_path();
  if (path.empty() || saved_step_ == step_) return {};
  if (!all_finite(runner_->parameters())) return diverged("a weight is not finite");
  if (Status status = save_checkpoint(path, module_, settings_, data_identity_, run_state()); !status.ok())
    return status;
  saved_step_ = step_;
  return {};
}

/// The weights to keep, their evaluation, and the file.
Status Run::finish(TrainReport& report) {
  report.best_step = has_best_ ? best_step_ : step_;
  const std::span<float> parameters = runner_->parameters();
  if (has_best_) std::copy(best_.begin(), best_.end(), parameters.begin());
  report.weights.assign(parameters.begin(), parameters.end());
  auto evaluation = evaluate(module_, report.weights, data_, judged(), objective_.reward(), pool_);
  if (!evaluation.ok()) return evaluation.status();
  report.evaluation = *std::move(evaluation);
  if (options_.output_path.empty()) return {};
  return weights::save(options_.output_path, weights::parameter_views(module_, report.weights),
                       {{"format", "pt"}, {"network", module_.name}});
}

Result<TrainReport> Run::train() {
  TrainReport report;
  report.total_steps = schedule_.total_steps();
  report.steps_per_epoch = schedule_.steps_per_epoch();
  report.checkpoint_path = options_.effective_checkpoint_path();
  started_ = Clock::now();
  progress_.begin({&module_, options_.metric, static_cast<std::int64_t>(training_.size()),
                   static_cast<std::int64_t>(held_out_.size()), schedule_.steps_per_epoch(), schedule_.total_steps(),
                   step_, pool_.threads()});
  Status status;
  {
    BatchLoader loader(data_, bags_, options_.batch, step_, schedule_.total_steps());
    while (status.ok() && step_ < schedule_.total_steps()) {
      if (is_stopped()) {
        report.is_interrupted = true;
        status = save();
        break;
      }
      const Batch& batch = loader.next();
      status = batch.status.ok() ? step(batch) : batch.status;
      if (!status.ok()) break;
      const bool is_last = step_ == schedule_.total_steps();
      const bool ends_epoch = step_ % schedule_.steps_per_epoch() == 0;
      const std::int64_t epoch = step_ / schedule_.steps_per_epoch();
      if (is_last || (ends_epoch && epoch % options_.eval_every == 0)) status = evaluate_epoch(report);
      const bool saves = options_.checkpoint_every > 0 && ends_epoch && epoch % options_.checkpoint_every == 0;
      if (status.ok() && (is_last || saves)) status = save();
    }
  }
  report.steps = step_;
  if (status.ok() && !report.is_interrupted) status = finish(report);
  report.seconds = seconds();
  progress_.end();
  if (!status.ok()) return status;
  return report;
}

}  // namespace

Status check_data(const d2nn_module& module, const datasets::Dataset& data, const Metric& metric) {
  const std::string network = "network `" + std::string(module.name) + "`";
  const auto invalid = [](std::string message) { return Status(D2NN_INVALID_ARGUMENT, std::move(message)); };
  if (module.input_count != 1) {
    return invalid(network + " has " + std::to_string(module.input_count) +
                   " inputs, and a data set gives one: only networks with one input learn from --data");
  }
  if (module.inputs[0].elements != data.elements()) {
    return invalid("input `" + std::string(module.inputs[0].name) + "` takes " +
                   std::to_string(module.inputs[0].elements) + " values and a sample of " + data.description() +
                   " has " + std::to_string(data.elements()));
  }
  const auto classes = static_cast<std::int64_t>(data.class_names().size());
  for (std::uint32_t o = 0; o < module.output_count; ++o) {
    if (module.outputs[o].elements < classes) {
      return invalid("output `" + std::string(module.outputs[o].name) + "` has " +
                     std::to_string(module.outputs[o].elements) + " scores and " + data.description() + " has " +
                     std::to_string(classes) + " classes: give the network a score for each class");
    }
  }
  if (metric.kind == MetricKind::f1 && metric.positive >= classes) {
    return invalid("--metric f1:" + std::to_string(metric.positive) + " names class " +
                   std::to_string(metric.positive) + ", and " + data.description() + " has the classes 0 to " +
                   std::to_string(classes - 1));
  }
  return {};
}

Result<TrainReport> train(const d2nn_module& module, const datasets::Dataset& data, const TrainOptions& options,
                          Progress& progress, const volatile std::sig_atomic_t* stop) {
  try {
    if (Status status = check(options); !status.ok()) return status;
    const Metric demanded = make_reward(module, options).demanded_metric();
    if (Status status = check_data(module, data, demanded); !status.ok()) return status;
    auto losses = resolve_losses(module, options);
    if (!losses.ok()) return losses.status();
    datasets::Division division;
    if (options.holdout > 0) {
      division = datasets::divide(data.labels(), options.holdout, options.seed);
    } else {
      division.kept.resize(data.size());
      std::iota(division.kept.begin(), division.kept.end(), 0U);
    }
    auto bags = Bags::create(division.kept, data.labels(), options.bag, demanded, options.seed);
    if (!bags.ok()) return bags.status();
    Run run(module, data, options, *std::move(losses), *std::move(bags), std::move(division.kept),
            std::move(division.held_out), progress, stop);
    if (Status status = run.prepare(); !status.ok()) return status;
    return run.train();
  } catch (const std::bad_alloc&) {
    return Status(D2NN_OUT_OF_MEMORY, "no memory left for training network `" + std::string(module.name) +
                                          "`: give a smaller --batch or --bag");
  } catch (const std::system_error& error) {
    return Status(D2NN_INTERNAL_ERROR, "a thread for training could not be started (" + std::string(error.what()) +
                                           "): give a smaller --threads");
  }
}

}  // namespace d2nn::train
