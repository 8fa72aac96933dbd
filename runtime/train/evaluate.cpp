// Tallies and greedy evaluation: see evaluate.h.
#include "train/evaluate.h"

#include <algorithm>

#include "train/losses.h"

namespace d2nn::train {

Tally::Tally(const d2nn_module& module, const Reward& reward) : module_(module), reward_(reward) {
  sums_.counts.resize(module.output_count);
  sums_.null_outputs.resize(module.output_count);
  for (std::uint32_t k = 0; k < module.control_count; ++k) sums_.actions.emplace_back(module.controls[k].action_count);
}

void Tally::add(std::int32_t label, std::span<const std::int32_t> decisions, std::span<const std::int32_t> actions,
                std::int64_t cost) {
  ++sums_.samples;
  cost_ += static_cast<double>(cost);
  for (std::size_t o = 0; o < decisions.size(); ++o) {
    sums_.counts[o].add(label, decisions[o], reward_.metric);
    if (decisions[o] == null_decision) ++sums_.null_outputs[o];
  }
  for (std::size_t k = 0; k < actions.size(); ++k) {
    if (actions[k] >= 0) ++sums_.actions[k][static_cast<std::size_t>(actions[k])];
  }
  OnPath& path = paths_[std::vector<std::int32_t>(actions.begin(), actions.end())];
  ++path.samples;
  path.cost = cost;
}

Evaluation Tally::result() const {
  Evaluation result = sums_;
  result.metric = mean_metric(result.counts, reward_.metric);
  result.accuracy = mean_metric(result.counts, {MetricKind::accuracy, reward_.metric.positive});
  result.mean_cost = result.samples > 0 ? cost_ / static_cast<double>(result.samples) : 0;
  result.reward = reward_(result.counts, result.mean_cost);
  result.cost = reward_.cost;
  for (const auto& [actions, path] : paths_) result.paths.push_back({actions, path.samples, path.cost});
  std::stable_sort(result.paths.begin(), result.paths.end(),
                   [](const PathCount& a, const PathCount& b) { return a.samples > b.samples; });
  return result;
}

Result<Evaluation> evaluate(StepRunner& runner, const d2nn_module& module, const datasets::Dataset& data,
                            std::span<const std::uint32_t> samples, const Reward& reward, threads::ThreadPool& pool) {
  Tally tally(module, reward);
  const auto capacity = static_cast<std::size_t>(runner.capacity());
  weights::AlignedFloats inputs(capacity * static_cast<std::size_t>(data.elements()));
  std::vector<std::uint64_t> keys(capacity);
  std::vector<Status> failures(capacity);
  std::vector<std::int32_t> decisions(module.output_count);
  std::vector<std::int32_t> actions(module.control_count);
  const float* const input = inputs.data();
  for (std::size_t begin = 0; begin < samples.size(); begin += capacity) {
    const std::size_t rows = std::min(capacity, samples.size() - begin);
    auto read = [&](std::size_t row, std::size_t) {
      failures[row] = data.fill(samples[begin + row], inputs.data() + static_cast<std::int64_t>(row) * data.elements());
    };
    pool.run(rows, read);
    for (std::size_t r = 0; r < rows; ++r) {
      if (!failures[r].ok()) return failures[r];
      keys[r] = samples[begin + r];
    }
    ForwardRequest request;
    request.rows = static_cast<std::int64_t>(rows);
    request.inputs = &input;
    request.samples = keys.data();
    request.is_training = false;
    if (Status status = runner.forward(request); !status.ok()) return status;
    for (std::size_t r = 0; r < rows; ++r) {
      const auto row = static_cast<std::int64_t>(r);
      for (std::uint32_t o = 0; o < module.output_count; ++o) {
        const std::int64_t columns = module.outputs[o].elements;
        decisions[o] =
            runner.valid(o)[r] != 0 ? greatest_score(runner.output(o) + row * columns, columns) : null_decision;
      }
      for (std::uint32_t k = 0; k < module.control_count; ++k) actions[k] = runner.actions(k)[r];
      tally.add(data.label(samples[begin + r]), decisions, actions, runner.cost(row));
    }
  }
  return tally.result();
}

std::string path_name(const d2nn_module& module, std::span<const std::int32_t> actions) {
  if (actions.empty()) return "the only path";
  std::string name;
  for (std::size_t k = 0; k < actions.size(); ++k) {
    const d2nn_control& control = module.controls[k];
    if (!name.empty()) name += ' ';
    name += std::string(module.nodes[control.node].name) + "=" +
            (actions[k] < 0 ? "-" : control.actions[static_cast<std::size_t>(actions[k])].name);
  }
  return name;
}

}  // namespace d2nn::train
