#include "driver/manifest.h"

#include <nlohmann/json.hpp>

#include "d2nn/d2nn.h"
#include "d2nn/version.h"
#include "graph/print.h"

namespace d2nn::driver {

namespace {

using Json = nlohmann::ordered_json;
using graph::NodeKind;

Json tensors(const graph::Program& program, NodeKind kind) {
  Json list = Json::array();
  for (const graph::NodeId id : graph::nodes_of(program, kind)) {
    const graph::Node& node = program[id];
    Json entry{{"name", node.name}, {"type", ops::spelling(node.shape.element_type)}, {"shape", node.shape.dims}};
    if (!node.doc.empty()) entry["doc"] = node.doc;
    if (kind == NodeKind::output) entry["required"] = node.is_required;
    list.push_back(std::move(entry));
  }
  return list;
}

Json nodes(const graph::Program& program) {
  Json list = Json::array();
  for (const graph::NodeId id : program.topological_order) {
    const graph::Node& node = program[id];
    if (node.kind != NodeKind::regular && node.kind != NodeKind::control) continue;
    Json entry{
        {"name", node.name}, {"kind", graph::spelling(node.kind)}, {"shape", node.shape.dims}, {"cost", node.cost}};
    if (!node.doc.empty()) entry["doc"] = node.doc;
    if (node.kind == NodeKind::control) {
      entry["actions"] = Json::array();
      for (const graph::Action& action : node.actions) {
        Json targets = Json::array();
        for (const graph::NodeId target : action.targets) targets.push_back(program[target].name);
        entry["actions"].push_back({{"name", action.name}, {"targets", std::move(targets)}});
      }
    }
    list.push_back(std::move(entry));
  }
  return list;
}

/// The action of each control node that executes.
Json actions_of(const graph::Program& program, const paths::Path& path) {
  const auto controls = graph::nodes_of(program, NodeKind::control);
  Json actions = Json::object();
  for (std::size_t i = 0; i < controls.size(); ++i) {
    const graph::Node& control = program[controls[i]];
    if (path.decisions[i]) actions[control.name] = control.actions[*path.decisions[i]].name;
  }
  return actions;
}

}  // namespace

Json manifest_head() {
  return Json{{"format", "d2nn-manifest-1"},
              {"compiler", D2NN_VERSION},
              {"abi_version", D2NN_ABI_VERSION},
              {"networks", Json::array()}};
}

Json train_json(const graph::Program& program) {
  if (!program.train) return nullptr;
  const graph::TrainSpec& spec = *program.train;
  Json json = Json::object();
  json["losses"] = Json::array();
  for (const graph::OutputLoss& loss : spec.losses) {
    json["losses"].push_back(
        {{"output", program[loss.output].name}, {"loss", spelling(loss.kind)}, {"weight", loss.weight}});
  }
  if (spec.metric) json["metric"] = spelling(*spec.metric);
  if (!spec.reward.empty()) json["reward"] = graph::reward_text(program);
  json["settings"] = Json::object();
  for (const graph::TrainSetting& setting : spec.settings) {
    const TrainSettingInfo& info = info_of(setting.id);
    json["settings"][std::string(info.name)] = spell(info, setting.value);
  }
  return json;
}

Json network_manifest(const graph::Program& program, const paths::Analysis& analysis, const ManifestFacts& facts) {
  Json json{{"name", program.name}};
  if (!program.doc.empty()) json["doc"] = program.doc;
  json["symbol"] = facts.prefix + program.name + "_module";
  json["target_cpu"] = facts.target_cpu;
  json["training"] = facts.has_training;
  json["weights_embedded"] = facts.has_weights;
  json["settings"] = Json::object();
  for (const auto& [name, value] : program.settings) json["settings"][name] = value;
  json["inputs"] = tensors(program, NodeKind::input);
  json["outputs"] = tensors(program, NodeKind::output);
  json["nodes"] = nodes(program);
  json["parameters"] = Json::array();
  for (const graph::Parameter& parameter : program.parameters) {
    json["parameters"].push_back({{"name", parameter.name},
                                  {"type", ops::spelling(parameter.shape.element_type)},
                                  {"shape", parameter.shape.dims},
                                  {"trained", parameter.is_trained}});
  }
  if (program.train) json["train"] = train_json(program);
  json["path_count"] = analysis.path_count;
  json["least_cost"] = analysis.least_cost;
  json["greatest_cost"] = analysis.greatest_cost;
  json["costs_are_exact"] = analysis.costs_are_exact;
  if (analysis.least_path) json["least_path"] = actions_of(program, *analysis.least_path);
  if (analysis.greatest_path) json["greatest_path"] = actions_of(program, *analysis.greatest_path);
  if (!analysis.execution_probability.empty()) json["expected_cost"] = analysis.expected_cost;
  return json;
}

}  // namespace d2nn::driver
