#include <algorithm>
#include <nlohmann/json.hpp>

#include "paths_report.h"
#include "text/encoded.h"

namespace d2nn::tool {

namespace {

using Json = nlohmann::ordered_json;

Json names(const graph::Program& program, const std::vector<graph::NodeId>& ids) {
  Json result = Json::array();
  for (const graph::NodeId id : ids) result.push_back(program[id].name);
  return result;
}

Json path_json(const graph::Program& program, const paths::Path& path) {
  const auto controls = graph::nodes_of(program, graph::NodeKind::control);
  Json actions = Json::object();
  for (std::size_t i = 0; i < controls.size(); ++i) {
    const graph::Node& control = program[controls[i]];
    actions[control.name] = path.decisions[i] ? Json(control.actions[*path.decisions[i]].name) : Json(nullptr);
  }
  return {{"actions", std::move(actions)},
          {"executed", names(program, path.executed)},
          {"cost", path.cost},
          {"null_outputs", names(program, path.null_outputs)}};
}

Json optional_path_json(const graph::Program& program, const std::optional<paths::Path>& path) {
  return path ? path_json(program, *path) : Json(nullptr);
}

/// The nodes that can be skipped and cost: regular and control nodes.
Json nodes_json(const graph::Program& program, const paths::Analysis& analysis) {
  Json list = Json::array();
  for (const graph::NodeId id : program.topological_order) {
    const graph::Node& node = program[id];
    if (node.kind != graph::NodeKind::regular && node.kind != graph::NodeKind::control) continue;
    Json entry{{"name", node.name}, {"kind", graph::spelling(node.kind)}, {"cost", node.cost}};
    entry["probability"] =
        analysis.execution_probability.empty() ? Json(nullptr) : Json(analysis.execution_probability[id.index]);
    entry["never_executes"] = bool(analysis.never_executes[id.index]);
    list.push_back(std::move(entry));
  }
  return list;
}

Json edges_json(const graph::Program& program, const paths::Analysis& analysis) {
  Json list = Json::array();
  for (std::size_t i = 0; i < program.edges.size(); ++i) {
    const graph::Edge& edge = program.edges[i];
    Json entry{{"source", program[edge.source].name}, {"target", program[edge.target].name}};
    if (const std::string& input = program[edge.target].inputs[edge.target_input].name; !input.empty())
      entry["input"] = input;
    entry["can_be_null"] = bool(analysis.edge_can_be_null[i]);
    list.push_back(std::move(entry));
  }
  return list;
}

Json outputs_json(const graph::Program& program, const paths::Analysis& analysis) {
  Json list = Json::array();
  for (const graph::NodeId id : graph::nodes_of(program, graph::NodeKind::output)) {
    const auto witness = std::ranges::find(analysis.null_outputs, id, &paths::Analysis::NullWitness::output);
    const bool can_be_null = witness != analysis.null_outputs.end();
    Json null_when = nullptr;
    if (can_be_null && analysis.gave_up.empty()) {
      null_when = Json::object();
      for (const auto& [control, action] : witness->decisions) {
        null_when[program[control].name] = program[control].actions[action].name;
      }
    }
    list.push_back({{"name", program[id].name}, {"can_be_null", can_be_null}, {"null_when", std::move(null_when)}});
  }
  return list;
}

Json same_effects_json(const graph::Program& program, const paths::Analysis& analysis) {
  Json list = Json::array();
  for (const paths::Analysis::SameEffect& effect : analysis.same_effects) {
    const graph::Node& control = program[effect.control];
    list.push_back({{"control", control.name},
                    {"action", control.actions[effect.action].name},
                    {"same_as", control.actions[effect.earlier].name}});
  }
  return list;
}

}  // namespace

Json paths_json(const graph::Program& program, const paths::Analysis& analysis, const FrequencySource* frequencies) {
  Json json{{"network", program.name}, {"path_count", analysis.path_count}, {"paths", nullptr}};
  if (!analysis.not_counted.empty()) {
    json["path_count"] = nullptr;
    json["not_counted"] = analysis.not_counted;
  }
  if (analysis.paths) {
    json["paths"] = Json::array();
    for (const paths::Path& path : *analysis.paths) json["paths"].push_back(path_json(program, path));
  }
  json["least_cost"] = analysis.least_cost;
  json["greatest_cost"] = analysis.greatest_cost;
  json["costs_are_exact"] = analysis.costs_are_exact;
  json["least_path"] = optional_path_json(program, analysis.least_path);
  json["greatest_path"] = optional_path_json(program, analysis.greatest_path);
  const bool has_trace = frequencies && !frequencies->trace.empty();
  text::put(json, "frequencies", has_trace ? frequencies->trace : "uniform");
  if (has_trace) json["unobserved"] = frequencies->unobserved;
  const bool is_expected = !analysis.execution_probability.empty();
  json["expected_cost"] = is_expected ? Json(analysis.expected_cost) : Json(nullptr);
  json["expected_control_cost"] = is_expected ? Json(analysis.expected_control_cost) : Json(nullptr);
  json["outputs"] = outputs_json(program, analysis);
  json["nodes"] = nodes_json(program, analysis);
  json["edges"] = edges_json(program, analysis);
  json["same_effects"] = same_effects_json(program, analysis);
  return json;
}

}  // namespace d2nn::tool
