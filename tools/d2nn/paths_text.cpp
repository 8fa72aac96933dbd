#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <tuple>
#include <utility>

#include "graph/print.h"
#include "paths_report.h"

namespace d2nn::tool {

namespace {

constexpr std::size_t text_width = 120;             // columns; only lists of decisions are wrapped
constexpr std::size_t longest_decisions_lines = 4;  // of one path, where not every path is printed

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

/// A mean, rounded to whole multiplications where that leaves three digits or more.
std::string grouped_mean(double value) {
  if (value >= 100 || value == std::floor(value)) return graph::grouped(static_cast<std::int64_t>(std::llround(value)));
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, share > 0 && share < 0.001 ? "%.1g %%" : "%.1f %%", 100 * share);
  return text;
}

std::string right_aligned(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string left_aligned(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::vector<std::string> decisions_of(const graph::Program& program, const paths::Path& path) {
  const auto controls = graph::nodes_of(program, graph::NodeKind::control);
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < controls.size(); ++i) {
    const graph::Node& control = program[controls[i]];
    if (path.decisions[i]) parts.push_back(control.name + " = " + control.actions[*path.decisions[i]].name);
  }
  if (parts.empty()) parts.push_back("(no decision)");
  return parts;
}

/// "leaf[3]" is the family "leaf" and 3; nullopt for another name.
std::optional<std::pair<std::string, std::int64_t>> family_member(const std::string& name) {
  const std::size_t bracket = name.rfind('[');
  if (bracket == std::string::npos || name.back() != ']' || name.size() - bracket > 12) return std::nullopt;
  std::int64_t index = 0;
  for (std::size_t i = bracket + 1; i + 1 < name.size(); ++i) {
    if (name[i] < '0' || name[i] > '9') return std::nullopt;
    index = 10 * index + (name[i] - '0');
  }
  return std::pair(name.substr(0, bracket), index);
}

/// As decisions_of, but neighbours of a family that take the same action are one: "gate[0] to gate[53] = skip".
std::vector<std::string> shortened_decisions_of(const graph::Program& program, const paths::Path& path) {
  const auto controls = graph::nodes_of(program, graph::NodeKind::control);
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < controls.size(); ++i) {
    if (!path.decisions[i]) continue;
    const graph::Node& first = program[controls[i]];
    const std::string& action = first.actions[*path.decisions[i]].name;
    std::size_t last = i;
    auto member = family_member(first.name);
    while (member && last + 1 < controls.size() && path.decisions[last + 1]) {
      const graph::Node& next = program[controls[last + 1]];
      ++member->second;
      if (family_member(next.name) != member || next.actions[*path.decisions[last + 1]].name != action) break;
      ++last;
    }
    parts.push_back(first.name + (last > i ? " to " + program[controls[last]].name : "") + " = " + action);
    i = last;
  }
  if (parts.empty()) parts.push_back("(no decision)");
  return parts;
}

/// Separated by commas, in a few lines that begin in the given column; what does not fit is counted.
std::string wrapped(const std::vector<std::string>& parts, std::size_t column) {
  std::string text;
  std::size_t at = column;
  std::size_t lines = 1;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string part = parts[i] + (i + 1 < parts.size() ? "," : "");
    if (i > 0 && at + 1 + part.size() > text_width) {
      if (++lines > longest_decisions_lines) {
        return text + " and " + std::to_string(parts.size() - i) + " more (--json prints all)";
      }
      text += "\n" + std::string(column, ' ');
      at = column;
    } else if (i > 0) {
      text += " ";
      ++at;
    }
    text += part;
    at += part.size();
  }
  return text;
}

std::string path_table(const graph::Program& program, const std::vector<paths::Path>& paths) {
  std::vector<std::string> decisions;
  std::size_t decisions_width = 0;
  std::size_t cost_width = 0;
  for (const paths::Path& path : paths) {
    decisions.push_back(joined(decisions_of(program, path), ", "));
    decisions_width = std::max(decisions_width, decisions.back().size());
    cost_width = std::max(cost_width, graph::grouped(path.cost).size());
  }
  std::string text;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    text += "  " + left_aligned(decisions[i], decisions_width) + "  " +
            right_aligned(graph::grouped(paths[i].cost), cost_width) + "  " +
            joined(names(program, paths[i].executed), " ");
    if (!paths[i].null_outputs.empty()) text += "  (null: " + joined(names(program, paths[i].null_outputs), ", ") + ")";
    text += "\n";
  }
  return text;
}

std::string expected_line(const paths::Analysis& analysis, const FrequencySource* frequencies, std::size_t cost_width) {
  const bool has_trace = frequencies && !frequencies->trace.empty();
  std::string text = "  expected  " + right_aligned(grouped_mean(analysis.expected_cost), cost_width) + "  ";
  text += has_trace ? "by the actions of " + frequencies->trace : "all actions alike";
  if (analysis.expected_cost > 0)
    text += "; control nodes " + percent(analysis.expected_control_cost / analysis.expected_cost) + " of it";
  text += "\n";
  if (has_trace && !frequencies->unobserved.empty())
    text += "  in no sample of it: " + wrapped(frequencies->unobserved, 22) + "; their actions count alike\n";
  return text;
}

std::string extreme_paths(const graph::Program& program, const paths::Analysis& analysis, std::size_t cost_width) {
  std::string text;
  for (const auto& [word, path] :
       {std::pair{"  least     ", &analysis.least_path}, std::pair{"  greatest  ", &analysis.greatest_path}}) {
    if (!*path) continue;
    text += word + right_aligned(graph::grouped((*path)->cost), cost_width) + "  " +
            wrapped(shortened_decisions_of(program, **path), 14 + cost_width) + "\n";
  }
  return text;
}

/// One line per regular and control node: how often it executes, its cost when it does, its part of the expected cost.
std::string node_table(const graph::Program& program, const paths::Analysis& analysis) {
  std::size_t name_width = 4;
  std::size_t cost_width = 4;
  std::vector<graph::NodeId> rows;
  for (const graph::NodeId id : program.topological_order) {
    const graph::NodeKind kind = program[id].kind;
    if (kind != graph::NodeKind::regular && kind != graph::NodeKind::control) continue;
    rows.push_back(id);
    name_width = std::max(name_width, program[id].name.size());
    cost_width = std::max(cost_width, graph::grouped(program[id].cost).size());
  }
  std::string text = "  " + left_aligned("node", name_width) + "  executes  " + right_aligned("cost", cost_width) +
                     "  part of the expected cost\n";
  for (const graph::NodeId id : rows) {
    const double probability = analysis.execution_probability[id.index];
    const double part =
        analysis.expected_cost > 0 ? probability * static_cast<double>(program[id].cost) / analysis.expected_cost : 0.0;
    text += "  " + left_aligned(program[id].name, name_width) + "  " + right_aligned(percent(probability), 8) + "  " +
            right_aligned(graph::grouped(program[id].cost), cost_width) + "  " + right_aligned(percent(part), 8) + "\n";
  }
  return text;
}

/// When outputs are null, and nodes that never execute.
std::string remarks(const graph::Program& program, const paths::Analysis& analysis) {
  if (!analysis.gave_up.empty()) return "";
  std::string text;
  for (const paths::Analysis::NullWitness& witness : analysis.null_outputs) {
    std::vector<std::string> decisions;
    for (const auto& [control, action] : witness.decisions) {
      decisions.push_back(program[control].name + " = " + program[control].actions[action].name);
    }
    const std::string start = "  " + program[witness.output].name + " is null ";
    text += start + (decisions.empty() ? "on every path" : "when " + wrapped(decisions, start.size() + 5)) + "\n";
  }
  std::vector<std::string> never;
  for (std::size_t i = 0; i < analysis.never_executes.size(); ++i) {
    const graph::NodeKind kind = program.nodes[i].kind;
    if (analysis.never_executes[i] && kind != graph::NodeKind::output) never.push_back(program.nodes[i].name);
  }
  if (!never.empty()) text += "  on no path: " + wrapped(never, 14) + "\n";
  return text;
}

std::string never_null_line(const graph::Program& program, const paths::Analysis& analysis) {
  std::vector<std::string> proved;
  for (const graph::NodeId id : graph::nodes_of(program, graph::NodeKind::output)) {
    if (std::ranges::find(analysis.null_outputs, id, &paths::Analysis::NullWitness::output) ==
        analysis.null_outputs.end())
      proved.push_back(program[id].name);
  }
  return proved.empty() ? "" : "  never null: " + wrapped(proved, 14) + "\n";
}

}  // namespace

void sort_paths(std::vector<paths::Path>& paths, PathOrder order, bool is_descending) {
  const auto key = [order](const paths::Path& path) -> std::int64_t {
    switch (order) {
      case PathOrder::decisions:
        return 0;
      case PathOrder::cost:
        return path.cost;
      case PathOrder::nodes:
        return static_cast<std::int64_t>(path.executed.size());
      case PathOrder::null:
        return static_cast<std::int64_t>(path.null_outputs.size());
    }
    return 0;
  };
  std::ranges::sort(paths, [&](const paths::Path& left, const paths::Path& right) {
    const std::int64_t left_key = key(left);
    const std::int64_t right_key = key(right);
    return std::tie(left_key, left.decisions) < std::tie(right_key, right.decisions);
  });
  if (is_descending) std::ranges::reverse(paths);
}

std::string paths_text(const graph::Program& program, const paths::Analysis& analysis,
                       const FrequencySource* frequencies) {
  const std::string least = graph::grouped(analysis.least_cost);
  const std::string greatest = graph::grouped(analysis.greatest_cost);
  std::string count = analysis.path_count + (analysis.path_count == "1" ? " path" : " paths");
  if (!analysis.not_counted.empty()) count = "paths not counted (" + analysis.not_counted + ")";
  std::string text = program.name + ": " + count + ", " + (analysis.costs_are_exact ? "" : "at least ") + least +
                     " to " + (analysis.costs_are_exact ? "" : "at most ") + greatest + " multiplications\n";
  const bool is_expected = !analysis.execution_probability.empty();
  const std::size_t cost_width = greatest.size();
  if (analysis.paths) {
    text += path_table(program, *analysis.paths);
    if (frequencies && is_expected) text += expected_line(analysis, frequencies, 0);
  } else {
    text += extreme_paths(program, analysis, cost_width);
    if (is_expected) text += expected_line(analysis, frequencies, cost_width);
    text += never_null_line(program, analysis);
  }
  text += remarks(program, analysis);
  if (frequencies && is_expected) text += node_table(program, analysis);
  return text;
}

}  // namespace d2nn::tool
