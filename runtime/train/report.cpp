// Text and JSON of evaluations and trainings: see report.h.
#include "train/report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>

#include "text/encoded.h"

namespace d2nn::train {
namespace {

using Json = nlohmann::ordered_json;

/// Paths that the text report lists; the rest are summed up in one line.
constexpr std::size_t listed_paths = 20;
/// Classes that a warning lists.
constexpr std::size_t listed_classes = 6;

Json metric_json(const Metric& metric, double value) {
  Json json{{"name", metric.kind == MetricKind::accuracy ? "accuracy" : "f1"}};
  if (metric.kind == MetricKind::f1) json["positive"] = metric.positive;
  json["value"] = value;
  return json;
}

Json evaluation_json(const d2nn_module& module, const Evaluation& evaluation, const Metric& metric) {
  Json json{{"samples", evaluation.samples},
            {"metric", metric_json(metric, evaluation.metric)},
            {"accuracy", evaluation.accuracy}};
  Json outputs = Json::object();
  for (std::uint32_t o = 0; o < module.output_count; ++o) {
    const MetricCounts& counts = evaluation.counts[o];
    Json output{{"correct", counts.correct}, {"null", evaluation.null_outputs[o]}};
    if (metric.kind == MetricKind::f1) {
      output["true_positives"] = counts.true_positives;
      output["false_positives"] = counts.false_positives;
      output["false_negatives"] = counts.false_negatives;
    }
    outputs[module.outputs[o].name] = std::move(output);
  }
  json["outputs"] = std::move(outputs);
  json["mean_cost"] = evaluation.mean_cost;
  json["least_cost"] = evaluation.cost.least;
  json["greatest_cost"] = evaluation.cost.greatest;
  json["reward"] = evaluation.reward;
  Json controls = Json::object();
  for (std::uint32_t k = 0; k < module.control_count; ++k) {
    Json actions = Json::object();
    for (std::uint32_t a = 0; a < module.controls[k].action_count; ++a)
      actions[module.controls[k].actions[a].name] = evaluation.actions[k][a];
    controls[module.nodes[module.controls[k].node].name] = std::move(actions);
  }
  json["actions"] = std::move(controls);
  Json paths = Json::array();
  for (const PathCount& path : evaluation.paths) {
    Json actions = Json::object();
    for (std::uint32_t k = 0; k < module.control_count; ++k) {
      const d2nn_control& control = module.controls[k];
      Json& action = actions[module.nodes[control.node].name];
      if (path.actions[k] >= 0) action = control.actions[path.actions[k]].name;
    }
    paths.push_back({{"actions", std::move(actions)}, {"samples", path.samples}, {"cost", path.cost}});
  }
  json["paths"] = std::move(paths);
  return json;
}

std::string format(const char* pattern, auto... values) {
  char buffer[512];
  const int length = std::snprintf(buffer, sizeof buffer, pattern, values...);
  return {buffer, static_cast<std::size_t>(length < 0 ? 0 : length)};
}

/// The first names, with their labels: "0 cat, 1 dog, ...".
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), listed_classes); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(i) + " " + names[i];
  return names.size() > listed_classes ? text + ", ..." : text;
}

double percent(double part, double whole) {
  return whole > 0 ? 100 * part / whole : 0;
}

}  // namespace

std::string text_report(const d2nn_module& module, const Evaluation& evaluation, const Metric& metric) {
  std::string text = format("samples     %lld\n%-11s %.4f\n", static_cast<long long>(evaluation.samples),
                            spelling(metric.kind).data(), evaluation.metric);
  if (metric.kind != MetricKind::accuracy) text += format("accuracy    %.4f\n", evaluation.accuracy);
  for (std::uint32_t o = 0; o < module.output_count; ++o) {
    if (evaluation.null_outputs[o] > 0)
      text += format("null        %lld of output %.200s\n", static_cast<long long>(evaluation.null_outputs[o]),
                     module.outputs[o].name);
  }
  text += format("mean cost   %.1f multiplications, %.1f %% of the greatest path\n", evaluation.mean_cost,
                 percent(evaluation.mean_cost, static_cast<double>(evaluation.cost.greatest)));
  text += "paths\n";
  std::int64_t shown = 0;
  for (std::size_t i = 0; i < evaluation.paths.size() && i < listed_paths; ++i) {
    const PathCount& path = evaluation.paths[i];
    shown += path.samples;
    text += format("  %5.1f %%  %12lld  ",
                   percent(static_cast<double>(path.samples), static_cast<double>(evaluation.samples)),
                   static_cast<long long>(path.cost)) +
            path_name(module, path.actions) + "\n";
  }
  if (shown < evaluation.samples) {
    text += format("  %5.1f %%  on %zu other paths\n",
                   percent(static_cast<double>(evaluation.samples - shown), static_cast<double>(evaluation.samples)),
                   evaluation.paths.size() - listed_paths);
  }
  return text;
}

std::string json_report(const d2nn_module& module, const Evaluation& evaluation, const Metric& metric,
                        std::string_view reward, std::string_view data) {
  Json json{{"network", module.name}};
  text::put(json, "data", data);
  json["reward_expression"] = reward;
  json.update(evaluation_json(module, evaluation, metric));
  return json.dump(2);
}

std::string json_report(const d2nn_module& module, const TrainReport& report, const TrainOptions& options,
                        std::string_view data) {
  Json json{{"network", module.name}};
  text::put(json, "data", data);
  json.update(Json{{"reward_expression", options.effective_reward_text()},
                   {"interrupted", report.is_interrupted},
                   {"steps", report.steps},
                   {"total_steps", report.total_steps},
                   {"steps_per_epoch", report.steps_per_epoch},
                   {"seconds", report.seconds}});
  Json used = Json::object();
  for (const auto& [option, value] : settings(options)) {
    if (option.starts_with("--")) text::put(used, option, value);
  }
  json["options"] = std::move(used);
  text::put(json, "checkpoint", report.checkpoint_path);
  if (!report.is_interrupted) {
    json["best_step"] = report.best_step;
    json["evaluation"] = evaluation_json(module, report.evaluation, options.metric);
  }
  Json history = Json::array();
  for (const EpochRecord& record : report.history) {
    Json entry{{"step", record.step}, {"stage", spelling(record.stage)}};
    entry.update(evaluation_json(module, record.evaluation, options.metric));
    history.push_back(std::move(entry));
  }
  json["history"] = std::move(history);
  return json.dump(2);
}

int report_failure(const Status& status) {
  std::fprintf(stderr, "error: %s\n", status.message().c_str());
  return status.code() == D2NN_INTERNAL_ERROR ? 3 : 1;
}

Result<datasets::Dataset> open_data(const d2nn_module& module, std::string_view spec, datasets::Split split,
                                    bool resizes, std::uint64_t seed, std::size_t threads) {
  if (module.input_count != 1) {
    return Status(D2NN_INVALID_ARGUMENT,
                  "network `" + std::string(module.name) + "` has " + std::to_string(module.input_count) +
                      " inputs, and a data set gives one: only networks with one input take --data");
  }
  datasets::Options options;
  options.resize = resizes;
  options.seed = seed;
  options.threads = threads;
  for (std::uint32_t o = 0; o < module.output_count; ++o) {
    const auto scores = static_cast<std::size_t>(module.outputs[o].elements);
    options.classes = o == 0 ? scores : std::min(options.classes, scores);
  }
  const d2nn_tensor_info& input = module.inputs[0];
  auto data = datasets::open(spec, split, {input.dims, input.rank}, options);
  if (!data.ok()) return data;
  if (Status status = check_data(module, *data, {}); !status.ok()) return status;
  const auto& names = data->class_names();
  if (names.size() < options.classes) {
    data->add_note(data->description() + ", of " + std::to_string(names.size()) + " classes (" + listed(names) +
                   "), where the network tells " + std::to_string(options.classes) +
                   " apart: labels are right only if the network's first classes are these");
  }
  for (const std::string& note : data->notes()) std::fprintf(stderr, "warning: %s\n", note.c_str());
  return data;
}

}  // namespace d2nn::train
