// `eval` on the command line: see eval_command.h.
#include "train/eval_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <new>
#include <numeric>
#include <system_error>
#include <thread>

#include "exec/budget.h"
#include "train/options.h"
#include "train/report.h"

namespace d2nn::train {
namespace {

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
  try {
    const auto model = exec::Model::create(module, &source);
    if (!model.ok()) return model.status();
    const auto threads = static_cast<std::size_t>(thread_count(command));
    const auto context = exec::Context::create(**model, static_cast<std::size_t>(command.batch), threads);
    if (!context.ok()) return context.status();
    Reward reward = command.reward;
    reward.cost = command.whole_cost.value_or(CostRange{module.least_cost, module.greatest_cost});
    std::vector<std::uint32_t> samples(data.size());
    std::iota(samples.begin(), samples.end(), 0U);
    threads::ThreadPool pool(threads);
    auto evaluation = evaluate(**context, data, samples, reward, pool, command.max_cost);
    if (evaluation.status().code() != D2NN_NONFINITE_CONTROL) return evaluation;
    // A value of the data that is not finite is the cause, and has a place.
    if (Status status = datasets::check_finite(data, threads); !status.ok()) return status;
    return Status(D2NN_NONFINITE_CONTROL, data.description() + ": " + evaluation.status().message());
  } catch (const std::bad_alloc&) {
    return Status(D2NN_OUT_OF_MEMORY, "no memory for evaluating " + std::to_string(command.batch) +
                                          " samples at a time: give a smaller --batch");
  } catch (const std::system_error& error) {
    return Status(D2NN_INTERNAL_ERROR,
                  "a thread could not be started (" + std::string(error.what()) + "): give a smaller --threads");
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
  status = datasets::check_finite(*data, static_cast<std::size_t>(thread_count(command)));
  if (!status.ok()) std::fprintf(stderr, "warning: %s\n", status.message().c_str());
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
