#include "paths_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace d2nn::tool {

namespace {

using Json = nlohmann::ordered_json;

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

std::vector<std::string> names(const graph::Program& program, const std::vector<graph::NodeId>& ids) {
  std::vector<std::string> result;
  for (const graph::NodeId id : ids) result.push_back(program[id].name);
  return result;
}

/// "3,187,200".
std::string grouped(std::int64_t value) {
  std::string text = std::to_string(value);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string decisions_text(const graph::Program& program, const std::vector<graph::NodeId>& controls,
                           const paths::Path& path) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < controls.size(); ++i) {
    const graph::Node& control = program[controls[i]];
    if (path.decisions[i]) parts.push_back(control.name + " = " + control.actions[*path.decisions[i]].name);
  }
  return parts.empty() ? "(no decision)" : joined(parts, ", ");
}

}  // namespace

std::string paths_text(const graph::Program& program, const paths::Analysis& analysis) {
  const std::string least = grouped(analysis.least_cost);
  const std::string greatest = grouped(analysis.greatest_cost);
  std::string count = analysis.path_count + (analysis.path_count == "1" ? " path" : " paths");
  if (!analysis.gave_up.empty()) count = "paths not counted (" + analysis.gave_up + ")";
  std::string text = program.name + ": " + count + ", " + (analysis.costs_are_exact ? "" : "at least ") + least +
                     " to " + (analysis.costs_are_exact ? "" : "at most ") + greatest + " multiplications\n";
  if (!analysis.paths) return text;
  const auto controls = graph::nodes_of(program, graph::NodeKind::control);
  std::size_t decisions_width = 0;
  std::size_t cost_width = 0;
  for (const paths::Path& path : *analysis.paths) {
    decisions_width = std::max(decisions_width, decisions_text(program, controls, path).size());
    cost_width = std::max(cost_width, grouped(path.cost).size());
  }
  for (const paths::Path& path : *analysis.paths) {
    std::string decisions = decisions_text(program, controls, path);
    decisions.resize(decisions_width, ' ');
    const std::string cost = grouped(path.cost);
    text += "  " + decisions + "  " + std::string(cost_width - cost.size(), ' ') + cost + "  " +
            joined(names(program, path.executed), " ");
    if (!path.null_outputs.empty()) text += "  (null: " + joined(names(program, path.null_outputs), ", ") + ")";
    text += "\n";
  }
  return text;
}

Json paths_json(const graph::Program& program, const paths::Analysis& analysis) {
  Json json{{"network", program.name}, {"path_count", analysis.path_count}, {"paths", nullptr}};
  if (!analysis.gave_up.empty()) {
    json["path_count"] = nullptr;
    json["not_counted"] = analysis.gave_up;
  }
  if (analysis.paths) {
    const auto controls = graph::nodes_of(program, graph::NodeKind::control);
    json["paths"] = Json::array();
    for (const paths::Path& path : *analysis.paths) {
      Json actions = Json::object();
      for (std::size_t i = 0; i < controls.size(); ++i) {
        const graph::Node& control = program[controls[i]];
        actions[control.name] = path.decisions[i] ? Json(control.actions[*path.decisions[i]].name) : Json(nullptr);
      }
      json["paths"].push_back({{"actions", std::move(actions)},
                               {"executed", names(program, path.executed)},
                               {"cost", path.cost},
                               {"null_outputs", names(program, path.null_outputs)}});
    }
  }
  json["least_cost"] = analysis.least_cost;
  json["greatest_cost"] = analysis.greatest_cost;
  json["costs_are_exact"] = analysis.costs_are_exact;
  return json;
}

}  // namespace d2nn::tool
