#include "app/bench_paths.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <string_view>

namespace d2nn::app {
namespace {

constexpr std::int64_t most_listed = 16;
constexpr std::size_t most_frequent = 8;

class Finder {
 public:
  Finder(exec::Context& context, BenchSamples& samples)
      : context_(context), module_(context.model().module()), samples_(samples) {}

  Result<BenchPaths> run() {
    if (Status status = run_samples(); !status.ok()) return status;
    const std::string_view text = module_.path_count;
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool is_few = error == std::errc{} && end == text.data() + text.size() && count <= most_listed;
    if (Status status = is_few ? add_all(Actions(module_.control_count, -1)) : add_extremes(); !status.ok())
      return status;
    return list(is_few);
  }

 private:
  using Actions = std::vector<std::int32_t>;
  struct Found {
    std::int64_t cost = 0;
    std::size_t samples = 0;
  };

  /// The samples as they come, in batches.
  Status run_samples() {
    const std::size_t controls = module_.control_count;
    const std::size_t batch = context_.max_batch();
    Actions actions(std::max<std::size_t>(1, batch * controls));  // never without memory: NULL would mean "not wanted"
    std::vector<std::int64_t> costs(batch);
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t first = 0; first < samples_.count(); first += batch) {
      if (first > 0 && std::chrono::steady_clock::now() - start > std::chrono::seconds(2)) break;
      const std::size_t rows = std::min(batch, samples_.count() - first);
      exec::RunRequest request = samples_.request(first, rows);
      const d2nn_trace trace = {sizeof(trace), actions.data(), nullptr, costs.data()};
      request.trace = &trace;
      request.first_sample = first;
      if (Status status = context_.run(request); !status.ok()) return status;
      for (std::size_t row = 0; row < rows; ++row) {
        const auto begin = actions.begin() + static_cast<std::ptrdiff_t>(row * controls);
        Found& found = found_[Actions(begin, begin + static_cast<std::ptrdiff_t>(controls))];
        found.cost = costs[row];
        ++found.samples;
        ++run_;
      }
    }
    return {};
  }

  /// Runs the first sample with these decisions; -1 and below count as the first action. What it did: the path.
  Result<BenchPath> force(const Actions& wanted) {
    BenchPath path{wanted, 0, 0};
    const Actions forced = forced_actions(path);
    path.actions.resize(std::max<std::size_t>(1, forced.size()));
    exec::RunRequest request = samples_.request(0, 1);
    const d2nn_trace trace = {sizeof(trace), path.actions.data(), nullptr, &path.cost};
    request.trace = &trace;
    request.forced_actions = forced.data();
    if (Status status = context_.run(request); !status.ok()) return status;
    path.actions.resize(forced.size());
    return path;
  }

  /// All paths that take the pinned actions: the first control node that executes and is not pinned takes each of its
  /// own in turn.
  Status add_all(const Actions& pinned) {
    Result<BenchPath> path = force(pinned);
    if (!path.ok()) return path.status();
    std::size_t open = 0;
    while (open < pinned.size() && (pinned[open] >= 0 || path->actions[open] < 0)) ++open;
    if (open == pinned.size()) {
      found_[path->actions].cost = path->cost;
      return {};
    }
    Actions next = pinned;
    for (std::uint32_t action = 0; action < module_.controls[open].action_count; ++action) {
      next[open] = static_cast<std::int32_t>(action);
      if (Status status = add_all(next); !status.ok()) return status;
    }
    return {};
  }

  Status add_extremes() {
    for (const std::int64_t sign : {1, -1}) {
      Result<BenchPath> best = climb(sign);
      if (!best.ok()) return best.status();
      found_[best->actions].cost = best->cost;
      extremes_.push_back(best->actions);
    }
    return {};
  }

  /// Changes one decision after the other as long as that makes the path dearer (sign 1) or cheaper (-1).
  Result<BenchPath> climb(std::int64_t sign) {
    const std::int64_t goal = sign > 0 ? module_.greatest_cost : module_.least_cost;
    const auto start = std::max_element(found_.begin(), found_.end(), [sign](const auto& left, const auto& right) {
      return sign * left.second.cost < sign * right.second.cost;
    });
    BenchPath best{start->first, start->second.cost, 0};
    Actions wanted = forced_actions(best);
    for (bool has_changed = true; has_changed && best.cost != goal;) {
      has_changed = false;
      for (std::size_t control = 0; control < wanted.size() && best.cost != goal; ++control) {
        const std::int32_t former = wanted[control];
        std::int32_t kept = former;
        for (std::uint32_t action = 0; action < module_.controls[control].action_count; ++action) {
          if (static_cast<std::int32_t>(action) == former) continue;
          wanted[control] = static_cast<std::int32_t>(action);
          Result<BenchPath> path = force(wanted);
          if (!path.ok()) return path.status();
          if (sign * path->cost <= sign * best.cost) continue;
          best = *std::move(path);
          kept = static_cast<std::int32_t>(action);
          has_changed = true;
        }
        wanted[control] = kept;
      }
    }
    return best;
  }

  BenchPaths list(bool is_complete) const {
    BenchPaths result;
    result.is_complete = is_complete;
    result.samples = run_;
    for (const auto& [actions, found] : found_) result.paths.push_back({actions, found.cost, found.samples});
    std::stable_sort(result.paths.begin(), result.paths.end(),
                     [](const BenchPath& left, const BenchPath& right) { return left.samples > right.samples; });
    if (!is_complete) {
      std::size_t place = 0;
      std::erase_if(result.paths, [&](const BenchPath& path) {
        const bool is_frequent = place++ < most_frequent && path.samples > 0;
        return !is_frequent && std::find(extremes_.begin(), extremes_.end(), path.actions) == extremes_.end();
      });
    }
    std::stable_sort(result.paths.begin(), result.paths.end(),
                     [](const BenchPath& left, const BenchPath& right) { return left.cost < right.cost; });
    return result;
  }

  exec::Context& context_;
  const d2nn_module& module_;
  BenchSamples& samples_;
  std::map<Actions, Found> found_;
  std::vector<Actions> extremes_;
  std::size_t run_ = 0;  // samples
};

}  // namespace

Result<BenchPaths> find_paths(exec::Context& context, BenchSamples& samples) {
  return Finder(context, samples).run();
}

std::vector<std::int32_t> forced_actions(const BenchPath& path) {
  std::vector<std::int32_t> forced = path.actions;
  for (std::int32_t& action : forced) action = std::max(action, 0);
  return forced;
}

std::string short_path_text(const d2nn_module& module, const std::vector<std::int32_t>& actions) {
  const auto answer = [&](std::size_t control) -> std::string_view {
    return actions[control] < 0 ? "skipped" : module.controls[control].actions[actions[control]].name;
  };
  const auto name = [&](std::size_t control) { return std::string(module.nodes[module.controls[control].node].name); };
  std::string text;
  for (std::size_t first = 0, next; first < actions.size(); first = next) {
    next = first + 1;
    while (next < actions.size() && answer(next) == answer(first)) ++next;
    if (next - first < 3) next = first + 1;
    text += (text.empty() ? "" : ", ") + name(first);
    if (next - first > 1) text += " to " + name(next - 1);
    text += ": " + std::string(answer(first));
  }
  return text.empty() ? "the only one" : text;
}

}  // namespace d2nn::app
