#include "paths/path_list.h"

#include <algorithm>

namespace d2nn::paths {
namespace {

void set_bits(const ControlCode& code, std::uint32_t action, std::vector<bool>& assignment) {
  for (std::size_t i = 0; i < code.variables.size(); ++i) {
    assignment[static_cast<std::size_t>(code.variables[i])] = (action >> (code.variables.size() - 1 - i)) & 1u;
  }
}

std::uint32_t spelled_action(const ControlCode& code, const std::vector<bool>& assignment) {
  if (code.fixed_action) return *code.fixed_action;
  std::uint32_t number = 0;
  for (const int variable : code.variables)
    number = 2 * number + (assignment[static_cast<std::size_t>(variable)] ? 1 : 0);
  return std::min(number, code.action_count - 1);
}

std::size_t variable_count(const Conditions& conditions) {
  std::size_t count = 0;
  for (const ControlCode& code : conditions.codes) count += code.variables.size();
  return count;
}

/// Decides one control node after the other, walking the diagrams of those that execute.
class Lister {
 public:
  Lister(const Conditions& conditions, std::size_t limit)
      : conditions_(conditions), limit_(limit), assignment_(variable_count(conditions)) {}

  /// One assignment of each path; false when there are more than the limit.
  bool run() { return decide_from(0); }
  std::vector<std::vector<bool>> assignments;

 private:
  bool decide_from(std::size_t position) {
    if (position == conditions_.codes.size()) {
      if (assignments.size() == limit_) return false;
      assignments.push_back(assignment_);
      return true;
    }
    const ControlCode& code = conditions_.codes[position];
    const bool executes = conditions_.executes[code.control.index].holds(assignment_);
    const std::uint32_t choices = executes && !code.fixed_action ? code.action_count : 1;
    for (std::uint32_t action = 0; action < choices; ++action) {
      set_bits(code, action, assignment_);
      if (!decide_from(position + 1)) return false;
    }
    set_bits(code, 0, assignment_);
    return true;
  }

  const Conditions& conditions_;
  std::size_t limit_;
  std::vector<bool> assignment_;
};

}  // namespace

Path path_of(const graph::Program& program, const Conditions& conditions, const std::vector<bool>& assignment) {
  std::vector<std::optional<std::uint32_t>> decision(program.nodes.size());
  std::vector<bool> executed(program.nodes.size());
  for (std::size_t node = 0; node < program.nodes.size(); ++node) {
    executed[node] = conditions.executes[node].holds(assignment);
  }
  for (const ControlCode& code : conditions.codes) {
    if (executed[code.control.index]) decision[code.control.index] = spelled_action(code, assignment);
  }
  Path path;
  for (graph::NodeId id : graph::nodes_of(program, graph::NodeKind::control)) {
    path.decisions.push_back(decision[id.index]);
  }
  for (graph::NodeId id : program.topological_order) {
    const graph::NodeKind kind = program[id].kind;
    const bool is_function = kind == graph::NodeKind::regular || kind == graph::NodeKind::control;
    if (is_function && executed[id.index]) path.executed.push_back(id);
    if (kind == graph::NodeKind::output && !executed[id.index]) path.null_outputs.push_back(id);
  }
  std::sort(path.null_outputs.begin(), path.null_outputs.end());
  path.cost = graph::path_cost(program, executed);
  return path;
}

std::optional<std::vector<Path>> list_paths(const graph::Program& program, const Conditions& conditions,
                                            std::size_t limit) {
  Lister lister(conditions, limit);
  if (!lister.run()) return std::nullopt;
  std::vector<Path> paths;
  for (const std::vector<bool>& assignment : lister.assignments) {
    paths.push_back(path_of(program, conditions, assignment));
  }
  std::sort(paths.begin(), paths.end(),
            [](const Path& left, const Path& right) { return left.decisions < right.decisions; });
  return paths;
}

}  // namespace d2nn::paths
