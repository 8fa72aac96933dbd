// `train` on the command line: see train_command.h. docs/training.md describes the options for users; the texts here
// are its summary.
#include "train/train_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>
#include <string>
#include <thread>

#include "train/progress.h"
#include "train/report.h"
#include "train/trainer.h"

namespace d2nn::train {
namespace {

/// A signal handler can reach nothing else than a static object.
volatile std::sig_atomic_t interrupted = 0;

extern "C" void note_interrupt(int) {
  interrupted = 1;
}

/// While it lives, Ctrl-C and SIGTERM set the flag; the second Ctrl-C ends the process as usual.
class StopOnInterrupt {
 public:
  StopOnInterrupt() {
    interrupted = 0;
    struct sigaction action{};
    action.sa_handler = note_interrupt;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &former_interrupt_);
    sigaction(SIGTERM, &action, &former_terminate_);
  }
  ~StopOnInterrupt() {
    sigaction(SIGINT, &former_interrupt_, nullptr);
    sigaction(SIGTERM, &former_terminate_, nullptr);
  }
  StopOnInterrupt(const StopOnInterrupt&) = delete;
  StopOnInterrupt& operator=(const StopOnInterrupt&) = delete;
  const volatile std::sig_atomic_t* flag() const { return &interrupted; }

 private:
  struct sigaction former_interrupt_{}, former_terminate_{};
};

/// An option whose text a parse function turns into a value, or says why not.
template <class T>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, const std::string& type, const std::string& text,
                        Result<T> (*parse)(std::string_view), T& target) {
  return app
      .add_option_function<std::string>(
          name,
          [parse, &target](const std::string& given) {
            auto value = parse(given);
            if (!value.ok()) throw CLI::ValidationError(value.status().message());
            target = *std::move(value);
          },
          text)
      ->type_name(type);
}

template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, const std::string& text, T& target,
                        const std::map<std::string, T>& choices) {
  std::string type;
  for (const auto& [spelled, value] : choices) type += (type.empty() ? "" : "|") + spelled;
  return app
      .add_option_function<std::string>(
          name,
          [&target, choices, name, type](const std::string& given) {
            const auto found = choices.find(given);
            if (found == choices.end()) throw CLI::ValidationError(name + " `" + given + "` is not one of " + type);
            target = found->second;
          },
          text)
      ->type_name(type);
}

void add_objective_options(CLI::App& app, TrainOptions& options) {
  const std::string group = "What is optimised";
  app.add_option_function<std::vector<std::string>>(
         "--loss",
         [&options](const std::vector<std::string>& given) {
           for (const std::string& text : given) {
             auto loss = parse_loss(text);
             if (!loss.ok()) throw CLI::ValidationError(loss.status().message());
             options.losses.push_back(*std::move(loss));
           }
         },
         "loss of an output, once per output: cross_entropy (default), q_learning, q_learning(plain)")
      ->type_name("OUT=LOSS[:WEIGHT]")
      ->group(group);
  add_parsed(app, "--metric", "accuracy|f1[:CLASS]",
             "metric of the reward and of the choice of the best weights (default accuracy)", parse_metric,
             options.metric)
      ->group(group);
  app.add_option("--lambda", options.lambda, "reward = lambda * metric + (1 - lambda) * weight * efficiency")
      ->capture_default_str()
      ->group(group);
  add_choice(app, "--efficiency", "efficiency of a cost: least / mean, or 1 - mean / greatest (default inverse)",
             options.efficiency, {{"inverse", EfficiencyKind::inverse}, {"linear", EfficiencyKind::linear}})
      ->group(group);
  app.add_option("--efficiency-weight", options.efficiency_weight,
                 "what the whole efficiency is worth against the metric")
      ->capture_default_str()
      ->group(group);
  app.add_option("--control-weight", options.control_weight, "weight of the losses of control nodes")
      ->capture_default_str()
      ->group(group);
  add_choice(app, "--bag-reward",
             "reward that a control node explains: its share of the bag's, or the whole (default share)",
             options.bag_reward, {{"share", BagReward::share}, {"whole", BagReward::whole}})
      ->group(group);
}

void add_acting_options(CLI::App& app, TrainOptions& options) {
  const std::string group = "Acting and stages";
  add_parsed(app, "--epsilon", "START:FLOOR[:STEPS]",
             "probability of a random action, falling linearly (default 1:0.05 over 60 % of the steps)", parse_epsilon,
             options.epsilon)
      ->group(group);
  add_choice(app, "--explore",
             "learn from the actions taken, or run every action of every control node (default chosen)",
             options.explore, {{"chosen", Explore::chosen}, {"all", Explore::all}})
      ->group(group);
  add_parsed(app, "--stages", "PATHS:JOINT:CONTROL",
             "shares of the steps: random actions, everything, control nodes alone (default 40:50:10)", parse_stages,
             options.stages)
      ->group(group);
  app.add_option("--pretrain", options.pretrain_epochs, "length of the stage `paths` in epochs, instead of its share")
      ->type_name("EPOCHS")
      ->group(group);
}

void add_optimiser_options(CLI::App& app, TrainOptions& options) {
  const std::string group = "Steps";
  app.add_option("--epochs", options.epochs, "passes over the training samples")->capture_default_str()->group(group);
  app.add_option("--bag", options.bag, "samples per bag")->capture_default_str()->group(group);
  app.add_option("--batch", options.batch, "bags per mini-batch")->capture_default_str()->group(group);
  add_choice(app, "--optimizer", "how weights are updated (default adam)", options.optimizer,
             {{"adam", OptimizerKind::adam}, {"sgd", OptimizerKind::sgd}})
      ->group(group);
  app.add_option("--lr", options.learning_rate, "learning rate (default 0.001 for adam, 0.01 for sgd)")->group(group);
  add_choice(app, "--lr-schedule", "learning rate within a stage (default cosine, down to a twentieth)",
             options.rate_schedule, {{"cosine", RateSchedule::cosine}, {"constant", RateSchedule::constant}})
      ->group(group);
  app.add_option("--momentum", options.momentum, "of sgd")->capture_default_str()->group(group);
  app.add_option("--weight-decay", options.weight_decay, "of conv and dense weights")
      ->capture_default_str()
      ->group(group);
  app.add_option("--seed", options.seed, "fixes every random number")->capture_default_str()->group(group);
  app.add_option("--threads", options.threads, "0: one per CPU")->capture_default_str()->group(group);
}

void add_file_options(CLI::App& app, TrainCommand& command) {
  TrainOptions& options = command.options;
  const std::string group = "Data and files";
  app.add_option("--data", command.data,
                 "training samples: mnist:DIR, cmnist:DIR, cifar10:DIR, images:DIR, idx:IMAGES,LABELS, npy:X,Y, shapes")
      ->type_name("SPEC")
      ->required()
      ->group(group);
  app.add_flag("--resize", command.resizes, "resize images to the size of the network's input")->group(group);
  app.add_option("-o,--output", options.output_path, "the trained weights, safetensors")
      ->type_name("FILE")
      ->required()
      ->group(group);
  app.add_option("--init", options.initial_weights, "weights to start from (default: drawn as in PyTorch)")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--holdout", options.holdout, "share of the samples kept aside to choose the best weights")
      ->capture_default_str()
      ->group(group);
  app.add_option("--eval-every", options.eval_every, "epochs from one greedy evaluation to the next")
      ->capture_default_str()
      ->group(group);
  app.add_option("--checkpoint", options.checkpoint_path, "where checkpoints go (default: OUTPUT.checkpoint)")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--checkpoint-every", options.checkpoint_every, "epochs; 0: only when interrupted and at the end")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--resume", options.resume, "go on from the checkpoint")->group(group);
  app.add_flag("--quiet", command.is_quiet, "no progress")->group(group);
  app.add_flag("--json", command.prints_json, "print the result as JSON")->group(group);
}

}  // namespace

void add_train_options(CLI::App& app, TrainCommand& command) {
  add_file_options(app, command);
  add_objective_options(app, command.options);
  add_acting_options(app, command.options);
  add_optimiser_options(app, command.options);
}

int run_train_command(const d2nn_module& module, const TrainCommand& command) {
  const TrainOptions& options = command.options;
  if (const Status status = check(options); !status.ok()) {
    report_failure(status);
    return 2;
  }
  const std::size_t threads = options.threads > 0 ? static_cast<std::size_t>(options.threads)
                                                  : std::max(1U, std::thread::hardware_concurrency());
  auto data = open_data(module, command.data, datasets::Split::train, command.resizes, options.seed, threads);
  if (!data.ok()) return report_failure(data.status());

  const StopOnInterrupt stop;
  Progress silent;
  ConsoleProgress console(stderr, is_terminal(stderr), terminal_has_colour(stderr));
  auto report = train(module, *data, options, command.is_quiet ? silent : console, stop.flag());
  if (!report.ok()) return report_failure(report.status());
  if (command.prints_json) std::printf("%s\n", json_report(module, *report, options, data->description()).c_str());
  if (report->is_interrupted) {
    std::fprintf(stderr, "interrupted after step %lld of %lld; ", static_cast<long long>(report->steps),
                 static_cast<long long>(report->total_steps));
    std::fprintf(stderr, "go on with the same command and --resume (checkpoint: %s)\n",
                 report->checkpoint_path.c_str());
    return 130;
  }
  if (!command.prints_json) {
    std::printf("%s%s, in %s\n", text_report(module, report->evaluation, options.metric).c_str(),
                ("weights of step " + std::to_string(report->best_step) + " written to " + options.output_path).c_str(),
                spell_seconds(report->seconds).c_str());
  }
  return 0;
}

}  // namespace d2nn::train
