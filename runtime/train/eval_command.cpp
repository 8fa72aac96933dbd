// `eval` on the command line: see eval_command.h.
#include "train/eval_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <new>
#include <thread>

#include "exec/budget.h"
#include "train/losses.h"
#include "train/options.h"
#include "train/report.h"
#include "weights/pack.h"

namespace d2nn::train {
namespace {

struct Destroy {
  void operator()(d2nn_model* model) const { d2nn_model_destroy(model); }
  void operator()(d2nn_context* context) const { d2nn_context_destroy(context); }
};

/// Buffers of one run of `batch` samples.
class Batches {
 public:
  Batches(const d2nn_module& module, std::int64_t batch, std::int64_t input_elements)
      : inputs_(static_cast<std::size_t>(batch * input_elements)),
        actions_(static_cast<std::size_t>(batch) * std::max(1U, module.control_count)),
        costs_(static_cast<std::size_t>(batch)) {
    for (std::uint32_t o = 0; o < module.output_count; ++o) {
      outputs_.emplace_back(static_cast<std::size_t>(batch * module.outputs[o].elements));
      valid_.emplace_back(static_cast<std::size_t>(batch));
    }
    for (std::uint32_t o = 0; o < module.output_count; ++o) {
      output_pointers_.push_back(outputs_[o].data());
      valid_pointers_.push_back(valid_[o].data());
    }
    trace_.struct_size = sizeof trace_;
    trace_.actions = actions_.data();
    trace_.cost = costs_.data();
  }

  float* inputs() { return inputs_.data(); }
  float* const* outputs() const { return output_pointers_.data(); }
  std::uint8_t* const* valid() const { return valid_pointers_.data(); }
  d2nn_trace* trace() { return &trace_; }

  std::int32_t decision(const d2nn_module& module, std::uint32_t output, std::int64_t row) const {
    const std::int64_t columns = module.outputs[output].elements;
    if (valid_[output][static_cast<std::size_t>(row)] == 0) return null_decision;
    return greatest_score(output_pointers_[output] + row * columns, columns);
  }
  std::span<const std::int32_t> actions(const d2nn_module& module, std::int64_t row) const {
    return {actions_.data() + row * module.control_count, module.control_count};
  }
  std::int64_t cost(std::int64_t row) const { return costs_[static_cast<std::size_t>(row)]; }

 private:
  storage::AlignedFloats inputs_;
  std::vector<storage::AlignedFloats> outputs_;
  std::vector<std::vector<std::uint8_t>> valid_;
  std::vector<float*> output_pointers_;
  std::vector<std::uint8_t*> valid_pointers_;
  std::vector<std::int32_t> actions_;
  std::vector<std::int64_t> costs_;
  d2nn_trace trace_{};
};

std::int64_t thread_count(const EvalCommand& command) {
  return command.threads > 0 ? command.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

void add_eval_options(CLI::App& app, EvalCommand& command) {
  app.add_option("--weights", command.weights, "the weights, safetensors (default: those embedded in the module)")
      ->type_name("FILE");
  app.add_option("--data", command.data,
                 "samples: mnist:DIR, cmnist:DIR, cifar10:DIR, images:DIR, idx:IMAGES,LABELS, npy:X,Y, shapes")
      ->type_name("SPEC")
      ->required();
  app.add_option_function<std::string>(
         "--split",
         [&command](const std::string& given) {
           if (!datasets::parse_split(given))
             throw CLI::ValidationError("--split `" + given + "` is not one of train|val|test|all");
           command.split = given;
         },
         "which samples (default: test if there is one, else val)")
      ->type_name("train|val|test|all");
  app.add_option_function<std::string>(
         "--metric",
         [&command](const std::string& given) {
           auto metric = parse_metric(given);
           if (!metric.ok()) throw CLI::ValidationError(metric.status().message());
           command.reward.metric = *metric;
         },
         "metric over the whole data set (default accuracy)")
      ->type_name("accuracy|f1[:CLASS]");
  app.add_option("--max-cost", command.max_cost,
                 "multiplications that a sample may cost at most: actions that no longer fit are not taken")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->type_name("N");
  app.add_option("--lambda", command.reward.lambda, "lambda of the reward that --json prints")->capture_default_str();
  app.add_option("--batch", command.batch, "samples per run")->capture_default_str()->check(CLI::Range(1, 1 << 20));
  app.add_option("--threads", command.threads, "0: one per CPU")->capture_default_str()->check(CLI::Range(0, 1024));
  add_seed(app, command.seed, "seed of generated samples");
  app.add_flag("--resize", command.resizes, "resize images to the size of the network's input");
  app.add_flag("--json", command.prints_json, "print the result as JSON, with counts");
  note_given(app, command.given);
}

Result<Evaluation> evaluate_inference(const d2nn_module& module, const datasets::Dataset& data,
                                      const EvalCommand& command) {
  if (Status status = check_data(module, data, command.reward.demanded_metric()); !status.ok()) return status;
  d2nn_weights_source source{};
  source.struct_size = sizeof source;
  source.kind = command.weights.empty() ? D2NN_WEIGHTS_EMBEDDED : D2NN_WEIGHTS_FILE;
  source.path = command.weights.empty() ? nullptr : command.weights.c_str();
  d2nn_model* made_model = nullptr;
  if (const d2nn_status code = d2nn_model_create(&module, &source, &made_model); code != D2NN_OK)
    return Status(code, d2nn_last_error());
  const std::unique_ptr<d2nn_model, Destroy> model(made_model);
  d2nn_context_options context_options{};
  context_options.struct_size = sizeof context_options;
  context_options.max_batch = static_cast<std::size_t>(command.batch);
  context_options.threads = static_cast<std::size_t>(thread_count(command));
  d2nn_context* made_context = nullptr;
  if (const d2nn_status code = d2nn_context_create_with(model.get(), &context_options, &made_context); code != D2NN_OK)
    return Status(code, d2nn_last_error());
  const std::unique_ptr<d2nn_context, Destroy> context(made_context);

  Reward reward = command.reward;
  reward.cost = command.whole_cost.value_or(CostRange{module.least_cost, module.greatest_cost});
  try {
    Tally tally(module, reward);
    Batches batches(module, command.batch, data.elements());
    std::vector<std::int32_t> decisions(module.output_count);
    d2nn_run_options run_options{};
    run_options.struct_size = sizeof run_options;
    run_options.valid = batches.valid();
    run_options.trace = batches.trace();
    run_options.cost_budget = command.max_cost;
    for (std::size_t begin = 0; begin < data.size(); begin += static_cast<std::size_t>(command.batch)) {
      const std::size_t rows = std::min(static_cast<std::size_t>(command.batch), data.size() - begin);
      for (std::size_t r = 0; r < rows; ++r) {
        if (Status status = data.fill(begin + r, batches.inputs() + static_cast<std::int64_t>(r) * data.elements());
            !status.ok())
          return status;
      }
      const float* input = batches.inputs();
      if (const d2nn_status code = d2nn_run(context.get(), rows, &input, batches.outputs(), &run_options);
          code != D2NN_OK) {
        const std::string message = d2nn_error_message(context.get());
        if (code != D2NN_NONFINITE_CONTROL) return Status(code, message);
        // A value of the data that is not finite is the cause, and has a place.
        if (Status status = datasets::check_finite(data, static_cast<std::size_t>(thread_count(command))); !status.ok())
          return status;
        return Status(code, data.description() + ", counted from sample " + std::to_string(begin) + ": " + message);
      }
      for (std::size_t r = 0; r < rows; ++r) {
        const auto row = static_cast<std::int64_t>(r);
        for (std::uint32_t o = 0; o < module.output_count; ++o) decisions[o] = batches.decision(module, o, row);
        tally.add(data.label(begin + r), decisions, batches.actions(module, row), batches.cost(row));
      }
    }
    return tally.result();
  } catch (const std::bad_alloc&) {
    return Status(D2NN_OUT_OF_MEMORY, "no memory for evaluating " + std::to_string(command.batch) +
                                          " samples at a time: give a smaller --batch");
  }
}

int run_eval_command(const d2nn_module& module, const EvalCommand& given) {
  EvalCommand command = given;
  if (const Status status = exec::check_budget(module, given.max_cost, "--max-cost"); !status.ok()) {
    report_failure(status);
    return status.code() == D2NN_UNSUPPORTED ? 1 : 2;
  }
  TrainOptions options;
  options.lambda = given.reward.lambda;
  options.metric = given.reward.metric;
  Status status = apply_program(module, given.given, options);
  if (status.ok()) status = check(options);
  if (!status.ok()) {
    report_failure(status);
    return 2;
  }
  command.reward = make_reward(module, options);
  const auto split = command.split.empty() ? datasets::Split::evaluation : *datasets::parse_split(command.split);
  auto data = open_data(module, command.data, split, command.resizes, command.seed,
                        static_cast<std::size_t>(thread_count(command)));
  if (!data.ok()) return report_failure(data.status());
  auto evaluation = evaluate_inference(module, *data, command);
  if (!evaluation.ok()) return report_failure(evaluation.status());
  // A network without control nodes computes with such values, and is wrong for their samples without a word.
  if (const Status status = datasets::check_finite(*data, static_cast<std::size_t>(thread_count(command)));
      !status.ok())
    std::fprintf(stderr, "warning: %s\n", status.message().c_str());
  const Metric& metric = command.reward.metric;
  std::fputs(
      command.prints_json
          ? (json_report(module, *evaluation, metric, options.effective_reward_text(), data->description()) + "\n")
                .c_str()
          : text_report(module, *evaluation, metric).c_str(),
      stdout);
  return 0;
}

}  // namespace d2nn::train
