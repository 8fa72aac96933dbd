// `train` on the command line: see train_command.h. docs/training.md describes the options for users; the texts here
// are its summary.
#include "train/train_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
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
  app.add_option("--init", options.initial_weights, "weights to start from (default: initialised as in PyTorch)")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--checkpoint", options.checkpoint_path, "where checkpoints go (default: OUTPUT.checkpoint)")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--checkpoint-every", options.checkpoint_every, "epochs; 0: only when interrupted and at the end")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--resume", options.resume, "continue from the checkpoint")->group(group);
  app.add_option("--threads", options.threads, "0: one per CPU")->capture_default_str()->group(group);
  app.add_flag("--quiet", command.is_quiet, "no progress")->group(group);
  app.add_flag("--json", command.prints_json, "print the result as JSON")->group(group);
}

}  // namespace

void add_train_options(CLI::App& app, TrainCommand& command) {
  add_file_options(app, command);
  add_program_options(app, command.options);
  note_given(app, command.given);
}

int run_train_command(const d2nn_module& module, const TrainCommand& command, io::FileRoles files) {
  TrainOptions options = command.options;
  Status status = apply_program(module, command.given, options);
  if (status.ok()) status = check(options);
  if (!status.ok()) {
    report_failure(status);
    return 2;
  }
  files.reads_running_program();
  datasets::add_files(command.data, files);
  files.reads(options.initial_weights, "the weights to start from (`--init`)");
  files.writes(options.output_path, "the trained weights (`-o`)", "give another name with `-o`");
  files.writes(options.effective_checkpoint_path(), "the checkpoint (`--checkpoint`)",
               "give another name with `--checkpoint`");
  if (const Status allowed = files.check(); !allowed.ok()) return report_failure(allowed);
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
