#include <nlohmann/json.hpp>

#include "draw/page.h"

namespace d2nn::draw {

namespace {

using Json = nlohmann::ordered_json;

Json layer_data(const graph::Program& program, const graph::Op& op) {
  Json parameters = Json::array();
  for (const graph::ParamId id : op.parameters)
    parameters.push_back(program[id].name + " " + shape_text(program[id].shape));
  return {{"text", layer_text(op)}, {"shape", shape_text(op.shape)}, {"cost", op.cost}, {"parameters", parameters}};
}

Json node_data(const Subject& subject, graph::NodeId id, double share) {
  const graph::Program& program = subject.program;
  const graph::Node& node = program[id];
  Json json{{"name", node.name},      {"kind", graph::spelling(node.kind)},
            {"doc", node.doc},        {"shape", shape_text(node.shape)},
            {"cost", node.cost},      {"share", share},
            {"inputs", Json::array()}};
  for (const graph::NodeInput& input : node.inputs) {
    Json edges = Json::array();
    for (const graph::EdgeId edge : input.edges) edges.push_back(edge.index);
    json["inputs"].push_back({{"name", input.name}, {"join", graph::spelling(input.join)}, {"edges", edges}});
  }
  json["layers"] = Json::array();
  for (const graph::Op& op : node.ops) json["layers"].push_back(layer_data(program, op));
  json["actions"] = Json::array();
  for (const graph::Action& action : node.actions) {
    Json targets = Json::array();
    for (const graph::NodeId target : action.targets) targets.push_back(target.index);
    json["actions"].push_back({{"name", action.name}, {"targets", targets}});
  }
  if (node.kind == graph::NodeKind::dummy) json["value"] = values_text(node.dummy_value);
  if (subject.frequencies != nullptr) {
    json["frequency"] = subject.frequencies->share(subject.frequencies->nodes[id.index]);
    for (std::size_t a = 0; a < node.actions.size(); ++a)
      json["actions"][a]["frequency"] = subject.frequencies->share(subject.frequencies->actions[id.index][a]);
  }
  return json;
}

Json decisions_data(const paths::Decisions& decisions) {
  Json json = Json::array();
  for (const std::optional<std::uint32_t>& decision : decisions)
    json.push_back(decision ? Json(*decision) : Json(nullptr));
  return json;
}

}  // namespace

Json page_data(const Subject& subject) {
  const graph::Program& program = subject.program;
  const std::vector<double> shares = cost_shares(subject);
  Json json{{"nodes", Json::array()}, {"edges", Json::array()}, {"order", Json::array()}, {"presets", Json::object()}};
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) json["nodes"].push_back(node_data(subject, {i}, shares[i]));
  for (const graph::Edge& edge : program.edges) {
    Json data{{"source", edge.source.index}, {"target", edge.target.index}};
    if (edge.fallback) data["default"] = values_text(*edge.fallback);
    json["edges"].push_back(std::move(data));
  }
  for (const graph::NodeId id : program.topological_order) json["order"].push_back(id.index);
  json["greatest_cost"] = subject.analysis.greatest_cost;
  if (subject.analysis.least_path)
    json["presets"]["least cost"] = decisions_data(subject.analysis.least_path->decisions);
  if (subject.analysis.greatest_path) {
    json["presets"]["greatest cost"] = decisions_data(subject.analysis.greatest_path->decisions);
  }
  if (subject.frequencies != nullptr && !subject.frequencies->paths.empty())
    json["presets"]["most frequent"] = decisions_data(subject.frequencies->paths.front().decisions);
  return json;
}

}  // namespace d2nn::draw
