// What a training shows while it runs: on a terminal one line that is redrawn (bar, time left, stage, metric, loss,
// mean cost), elsewhere one plain line per evaluation. Colour only on a terminal, never with NO_COLOR.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "d2nn/module.h"
#include "train/evaluate.h"
#include "train/schedule.h"

namespace d2nn::train {

/// What a run is about, before its first step.
struct RunInfo {
  const d2nn_module* module = nullptr;
  Metric metric;
  std::int64_t training_samples = 0;
  std::int64_t holdout_samples = 0;
  std::int64_t steps_per_epoch = 0;
  std::int64_t total_steps = 0;
  std::int64_t first_step = 0;  // not 0 in a resumed run
  std::size_t threads = 1;
};

/// Where a run stands; loss, metric and cost are running means over recent steps, as acted.
struct StepInfo {
  std::int64_t step = 0;  // steps done
  StepPlan plan;
  double loss = 0;
  double metric = 0;
  double cost = 0;
};

/// A greedy evaluation.
struct EvaluationInfo {
  std::int64_t step = 0;
  const Evaluation* evaluation = nullptr;
  bool is_best = false;
};

/// Receives the progress of a training. Called only from the training thread.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void begin(const RunInfo&) {}
  virtual void step(const StepInfo&) {}
  virtual void evaluated(const EvaluationInfo&) {}
  /// A full sentence the user should act on.
  virtual void warn(std::string_view) {}
  virtual void end() {}
};

/// Writes to a stream, usually standard error.
class ConsoleProgress final : public Progress {
 public:
  /// is_terminal: redraw a line; has_colour: as terminal_has_colour() says.
  ConsoleProgress(std::FILE* out, bool is_terminal, bool has_colour)
      : out_(out), is_terminal_(is_terminal), has_colour_(has_colour) {}

  void begin(const RunInfo& info) override;
  void step(const StepInfo& info) override;
  void evaluated(const EvaluationInfo& info) override;
  void warn(std::string_view sentence) override;
  void end() override;

 private:
  void clear_line();

  std::FILE* out_;
  bool is_terminal_;
  bool has_colour_;
  bool has_line_ = false;
  RunInfo run_;
  std::chrono::steady_clock::time_point started_, drawn_;
};

/// Whether `out` is a terminal, and whether to colour it (NO_COLOR unset or empty).
bool is_terminal(std::FILE* out);
bool terminal_has_colour(std::FILE* out);

/// "42 s", "3:05", "1:02:10".
std::string spell_seconds(double seconds);
/// "accuracy" or "F1".
std::string_view spelling(MetricKind kind);

}  // namespace d2nn::train
