// Tallies and evaluation: see evaluate.h.
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

namespace {

/// What a run of up to `capacity` samples reads and writes.
class RunBuffers {
 public:
  RunBuffers(const d2nn_module& module, std::size_t capacity, std::int64_t input_elements)
      : module_(module),
        input_elements_(input_elements),
        inputs_(capacity * static_cast<std::size_t>(input_elements)),
        actions_(capacity * module.control_count),
        costs_(capacity),
        decisions_(module.output_count) {
    for (std::uint32_t o = 0; o < module.output_count; ++o) {
      outputs_.emplace_back(capacity * static_cast<std::size_t>(module.outputs[o].elements));
      valid_.emplace_back(capacity);
      output_pointers_.push_back(outputs_[o].data());
      valid_pointers_.push_back(valid_[o].data());
    }
    trace_.struct_size = sizeof trace_;
    trace_.actions = actions_.data();
    trace_.cost = costs_.data();
  }

  float* input(std::size_t row) { return inputs_.data() + static_cast<std::int64_t>(row) * input_elements_; }

  Status run(exec::Context& context, std::size_t rows, std::size_t first_sample, std::int64_t cost_budget) {
    const float* input = inputs_.data();
    exec::RunRequest request;
    request.batch = rows;
    request.inputs = &input;
    request.outputs = output_pointers_.data();
    request.valid = valid_pointers_.data();
    request.trace = &trace_;
    request.cost_budget = cost_budget;
    request.first_sample = first_sample;
    return context.run(request);
  }

  void tally(std::size_t row, std::int32_t label, Tally& tally) {
    for (std::uint32_t o = 0; o < module_.output_count; ++o) {
      const std::int64_t columns = module_.outputs[o].elements;
      decisions_[o] = valid_[o][row] == 0
                          ? null_decision
                          : greatest_score(output_pointers_[o] + static_cast<std::int64_t>(row) * columns, columns);
    }
    const std::span<const std::int32_t> actions(actions_.data() + row * module_.control_count, module_.control_count);
    tally.add(label, decisions_, actions, costs_[row]);
  }

 private:
  const d2nn_module& module_;
  std::int64_t input_elements_;
  storage::AlignedFloats inputs_;
  std::vector<storage::AlignedFloats> outputs_;
  std::vector<std::vector<std::uint8_t>> valid_;
  std::vector<float*> output_pointers_;
  std::vector<std::uint8_t*> valid_pointers_;
  std::vector<std::int32_t> actions_;
  std::vector<std::int64_t> costs_;
  std::vector<std::int32_t> decisions_;
  d2nn_trace trace_{};
};

}  // namespace

Result<Evaluation> evaluate(exec::Context& context, const datasets::Dataset& data,
                            std::span<const std::uint32_t> samples, const Reward& reward, threads::ThreadPool& pool,
                            std::int64_t cost_budget) {
  const d2nn_module& module = context.model().module();
  const std::size_t capacity = context.max_batch();
  Tally tally(module, reward);
  RunBuffers buffers(module, capacity, data.elements());
  std::vector<Status> failures(capacity);
  for (std::size_t begin = 0; begin < samples.size(); begin += capacity) {
    const std::size_t rows = std::min(capacity, samples.size() - begin);
    auto read = [&](std::size_t row, std::size_t) {
      failures[row] = data.fill(samples[begin + row], buffers.input(row));
    };
    pool.run(rows, read);
    for (std::size_t row = 0; row < rows; ++row) {
      if (!failures[row].ok()) return failures[row];
    }
    if (Status status = buffers.run(context, rows, begin, cost_budget); !status.ok()) return status;
    for (std::size_t row = 0; row < rows; ++row) buffers.tally(row, data.label(samples[begin + row]), tally);
  }
  return tally.result();
}

Result<Evaluation> evaluate(const d2nn_module& module, std::span<const float> parameters, const datasets::Dataset& data,
                            std::span<const std::uint32_t> samples, const Reward& reward, threads::ThreadPool& pool) {
  auto model = exec::Model::create(module, parameters);
  if (!model.ok()) return model.status();
  const std::size_t threads = pool.threads();
  const std::size_t rows = std::min(static_cast<std::size_t>(module.tile_rows) * threads, samples.size());
  auto context = exec::Context::create(**model, std::max(rows, std::size_t{1}), threads);
  if (!context.ok()) return context.status();
  return evaluate(**context, data, samples, reward, pool);
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
