#include "app/bench.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "app/sample_text.h"
#include "exec/context.h"

namespace d2nn::app {
namespace {

using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

double median(std::vector<double> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

/// Random inputs, and outputs, of a batch; any sample of it can be run alone.
class Buffers {
 public:
  Buffers(const d2nn_module& module, std::size_t batch) : module_(module), batch_(batch) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> values(0, 1);
    for (std::uint32_t i = 0; i < module.input_count; ++i) {
      inputs_.emplace_back(batch * static_cast<std::size_t>(module.inputs[i].elements));
      for (float& value : inputs_.back()) value = values(random);
    }
    for (std::uint32_t i = 0; i < module.output_count; ++i) {
      outputs_.emplace_back(batch * static_cast<std::size_t>(module.outputs[i].elements));
    }
    input_pointers_.resize(module.input_count);
    output_pointers_.resize(module.output_count);
  }

  /// Samples first .. first+count-1, as a run takes them. Valid until the next call.
  exec::RunRequest request(std::size_t first, std::size_t count) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      input_pointers_[i] = inputs_[i].data() + first * static_cast<std::size_t>(module_.inputs[i].elements);
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      output_pointers_[i] = outputs_[i].data() + first * static_cast<std::size_t>(module_.outputs[i].elements);
    }
    return {.batch = count, .inputs = input_pointers_.data(), .outputs = output_pointers_.data()};
  }
  std::size_t batch() const { return batch_; }

 private:
  const d2nn_module& module_;
  std::size_t batch_;
  std::vector<std::vector<float>> inputs_, outputs_;
  std::vector<const float*> input_pointers_;
  std::vector<float*> output_pointers_;
};

/// Repeats `call` for about `budget` and at least thrice, after one run to warm up; the median time of one.
template <class Call>
Result<double> measure(Clock::duration budget, Call&& call) {
  if (Status status = call(); !status.ok()) return status;
  std::vector<double> times;
  constexpr std::size_t least = 3, most = 2000;
  for (const auto start = Clock::now();
       times.size() < least || (times.size() < most && Clock::now() - start < budget);) {
    const auto before = Clock::now();
    if (Status status = call(); !status.ok()) return status;
    times.push_back(microseconds(Clock::now() - before));
  }
  return median(std::move(times));
}

struct PathTimes {
  std::int64_t cost = 0;
  std::vector<double> medians;  // of its samples, microseconds
};

std::string fixed(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", value);
  return text;
}

}  // namespace

Status run_bench(const exec::Model& model, const Bench& bench, std::ostream& out) {
  const d2nn_module& module = model.module();
  Result<std::unique_ptr<exec::Context>> made = exec::Context::create(model, bench.batch, bench.threads);
  if (!made.ok()) return made.status();
  exec::Context& context = **made;
  Buffers buffers(module, bench.batch);

  constexpr std::size_t most_alone = 64;
  constexpr auto alone_budget = std::chrono::milliseconds(20);
  constexpr auto batch_budget = std::chrono::milliseconds(1000);
  std::map<std::string, PathTimes> paths;
  std::vector<std::int32_t> actions(module.control_count);
  for (std::size_t sample = 0; sample < std::min(bench.batch, most_alone); ++sample) {
    exec::RunRequest request = buffers.request(sample, 1);
    std::int64_t cost = 0;
    const d2nn_trace trace = {sizeof(trace), actions.data(), nullptr, &cost};
    request.trace = &trace;
    if (Status status = context.run(request); !status.ok()) return status;
    request.trace = nullptr;
    Result<double> time = measure(alone_budget, [&] { return context.run(request); });
    if (!time.ok()) return time.status();
    PathTimes& path = paths[path_text(module, actions.data())];
    path.cost = cost;
    path.medians.push_back(*time);
  }
  const exec::RunRequest whole = buffers.request(0, bench.batch);
  Result<double> batch_time = measure(batch_budget, [&] { return context.run(whole); });
  if (!batch_time.ok()) return batch_time.status();

  out << "one sample, by path (median, random inputs)\n";
  for (const auto& [path, times] : paths) {
    out << "  " << path << ": " << fixed(median(times.medians)) << " us, " << count_text(times.cost)
        << " multiplications, " << times.medians.size() << (times.medians.size() == 1 ? " sample\n" : " samples\n");
  }
  out << "batch of " << bench.batch << ": " << fixed(*batch_time) << " us, "
      << fixed(*batch_time / static_cast<double>(bench.batch)) << " us a sample\n";
  return {};
}

}  // namespace d2nn::app
