// The progress of a training on a stream: see progress.h.
#include "train/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace d2nn::train {
namespace {

constexpr int bar_width = 24;
constexpr std::chrono::milliseconds redraw_interval{100};

std::string format(const char* pattern, auto... values) {
  char buffer[256];
  const int length = std::snprintf(buffer, sizeof buffer, pattern, values...);
  return {buffer, static_cast<std::size_t>(std::clamp(length, 0, static_cast<int>(sizeof buffer) - 1))};
}

/// Cost as a share of the greatest path's.
double relative_cost(const d2nn_module& module, double cost) {
  return module.greatest_cost > 0 ? 100 * cost / static_cast<double>(module.greatest_cost) : 0;
}

}  // namespace

bool is_terminal(std::FILE* out) {
  return isatty(fileno(out)) != 0;
}

bool terminal_has_colour(std::FILE* out) {
  const char* no_colour = std::getenv("NO_COLOR");
  return is_terminal(out) && (no_colour == nullptr || *no_colour == '\0');
}

std::string spell_seconds(double seconds) {
  const long whole = std::lround(std::max(0.0, seconds));
  if (whole < 60) return format("%ld s", whole);
  if (whole < 3600) return format("%ld:%02ld", whole / 60, whole % 60);
  return format("%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string_view spelling(MetricKind kind) {
  return kind == MetricKind::accuracy ? "accuracy" : "F1";
}

void ConsoleProgress::begin(const RunInfo& info) {
  run_ = info;
  started_ = drawn_ = std::chrono::steady_clock::now();
  std::fprintf(out_, "training %s: %lld samples, %lld held out, %lld steps in %lld epochs, %zu thread%s\n",
               info.module->name, static_cast<long long>(info.training_samples),
               static_cast<long long>(info.holdout_samples), static_cast<long long>(info.total_steps),
               static_cast<long long>(info.total_steps / std::max<std::int64_t>(1, info.steps_per_epoch)), info.threads,
               info.threads == 1 ? "" : "s");
  if (info.first_step > 0) std::fprintf(out_, "resumed after step %lld\n", static_cast<long long>(info.first_step));
  std::fflush(out_);
}

void ConsoleProgress::step(const StepInfo& info) {
  if (!is_terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - drawn_ < redraw_interval && info.step < run_.total_steps) return;
  drawn_ = now;
  const double elapsed = std::chrono::duration<double>(now - started_).count();
  const auto done = static_cast<double>(info.step - run_.first_step);
  const auto left = static_cast<double>(run_.total_steps - info.step);
  const int filled = static_cast<int>(bar_width * info.step / std::max<std::int64_t>(1, run_.total_steps));
  const std::string bar = std::string(static_cast<std::size_t>(filled), '#') +
                          std::string(static_cast<std::size_t>(bar_width - filled), '.');
  const std::string line = format(
      "%s[%s]%s %5.1f %%  %s left  %s  loss %.4f  %s %.4f  cost %.1f %%", has_colour_ ? "\033[36m" : "", bar.c_str(),
      has_colour_ ? "\033[0m" : "", 100 * static_cast<double>(info.step) / static_cast<double>(run_.total_steps),
      spell_seconds(done > 0 ? elapsed / done * left : 0).c_str(), spelling(info.plan.stage).data(), info.loss,
      spelling(run_.metric.kind).data(), info.metric, relative_cost(*run_.module, info.cost));
  std::fprintf(out_, "\r%s\033[K", line.c_str());
  std::fflush(out_);
  has_line_ = true;
}

void ConsoleProgress::clear_line() {
  if (!has_line_) return;
  std::fputs("\r\033[K", out_);
  has_line_ = false;
}

void ConsoleProgress::evaluated(const EvaluationInfo& info) {
  clear_line();
  const Evaluation& evaluation = *info.evaluation;
  const double epoch =
      static_cast<double>(info.step) / static_cast<double>(std::max<std::int64_t>(1, run_.steps_per_epoch));
  std::string line = format("epoch %g: %s %.4f  cost %.1f %%  reward %.4f", epoch, spelling(run_.metric.kind).data(),
                            evaluation.metric, relative_cost(*run_.module, evaluation.mean_cost), evaluation.reward);
  for (std::uint32_t k = 0; k < run_.module->control_count; ++k) {
    const d2nn_control& control = run_.module->controls[k];
    std::int64_t executed = 0;
    for (const std::int64_t samples : evaluation.actions[k]) executed += samples;
    line += format("  %s", run_.module->nodes[control.node].name);
    for (std::uint32_t a = 0; a < control.action_count; ++a) {
      line += format(
          " %s %.0f %%", control.actions[a].name,
          executed > 0 ? 100 * static_cast<double>(evaluation.actions[k][a]) / static_cast<double>(executed) : 0.0);
    }
  }
  std::fprintf(out_, "%s%s\n", line.c_str(), info.is_best ? "  best so far" : "");
  std::fflush(out_);
}

void ConsoleProgress::warn(std::string_view sentence) {
  clear_line();
  std::fprintf(out_, "%swarning:%s %.*s\n", has_colour_ ? "\033[33m" : "", has_colour_ ? "\033[0m" : "",
               static_cast<int>(sentence.size()), sentence.data());
  std::fflush(out_);
}

void ConsoleProgress::end() {
  clear_line();
  std::fflush(out_);
}

}  // namespace d2nn::train
