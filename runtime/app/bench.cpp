#include "app/bench.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "app/bench_paths.h"
#include "app/sample_text.h"
#include "exec/context.h"

namespace d2nn::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto alone_budget = std::chrono::milliseconds(20);
constexpr auto path_budget = std::chrono::milliseconds(200);
constexpr auto batch_budget = std::chrono::milliseconds(1000);

double microseconds(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

double median(std::vector<double> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

/// Repeats the run for about `budget` and at least thrice, after one to warm up; the median time of one.
Result<double> measure(exec::Context& context, Clock::duration budget, const exec::RunRequest& request) {
  if (Status status = context.run(request); !status.ok()) return status;
  std::vector<double> times;
  constexpr std::size_t least = 3, most = 2000;
  for (const auto start = Clock::now();
       times.size() < least || (times.size() < most && Clock::now() - start < budget);) {
    const auto before = Clock::now();
    if (Status status = context.run(request); !status.ok()) return status;
    times.push_back(microseconds(Clock::now() - before));
  }
  return median(std::move(times));
}

std::string fixed(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", value);
  return text;
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

}  // namespace

Status run_bench(const exec::Model& model, const Bench& bench, std::ostream& out) {
  const d2nn_module& module = model.module();
  Result<BenchSamples> samples = BenchSamples::read(module, bench.samples, bench.batch);
  if (!samples.ok()) return samples.status();
  Result<std::unique_ptr<exec::Context>> made = exec::Context::create(model, bench.batch, bench.threads);
  if (!made.ok()) return made.status();
  exec::Context& context = **made;
  Result<BenchPaths> found = find_paths(context, *samples);
  if (!found.ok()) return found.status();

  out << "by path (median, " << samples->description(found->samples)
      << (bench.has_random_weights ? ", random weights" : "") << ")\n";
  const std::string in_batch = "each of " + std::to_string(bench.batch);
  const std::size_t width = std::max<std::size_t>(in_batch.size(), 10) + 2;
  out << right("one sample", 14) << right(in_batch, width) << right("multiplications", 20) << right("samples", 10)
      << "  path\n";
  for (const BenchPath& path : found->paths) {
    const std::vector<std::int32_t> forced = forced_actions(path);
    exec::RunRequest alone = samples->request(0, 1);
    alone.forced_actions = forced.data();
    Result<double> time = measure(context, alone_budget, alone);
    if (!time.ok()) return time.status();
    exec::RunRequest together = samples->request(0, bench.batch);
    together.forced_actions = forced.data();
    Result<double> batch_time = measure(context, path_budget, together);
    if (!batch_time.ok()) return batch_time.status();
    const double share = 100.0 * static_cast<double>(path.samples) / static_cast<double>(found->samples);
    out << right(fixed(*time) + " us", 14)
        << right(fixed(*batch_time / static_cast<double>(bench.batch)) + " us", width)
        << right(count_text(path.cost), 20) << right(fixed(share) + " %", 10) << "  "
        << short_path_text(module, path.actions) << '\n';
  }
  if (!found->is_complete) {
    out << "  of " << module.path_count
        << " paths: the cheapest, the dearest and those that most samples take; least cost "
        << count_text(module.least_cost) << ", greatest " << count_text(module.greatest_cost) << '\n';
  }
  Result<double> batch_time = measure(context, batch_budget, samples->request(0, bench.batch));
  if (!batch_time.ok()) return batch_time.status();
  out << "batch of " << bench.batch << ": " << fixed(*batch_time) << " us, "
      << fixed(*batch_time / static_cast<double>(bench.batch)) << " us a sample\n";
  return {};
}

}  // namespace d2nn::app
