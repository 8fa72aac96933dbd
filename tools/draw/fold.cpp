#include "draw/fold.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace d2nn::draw {

namespace {

/// Calls visit(source, target, is_control) for every data edge and every target of an action.
template <class Visit>
void visit_edges(const graph::Program& program, Visit visit) {
  for (const graph::Edge& edge : program.edges) visit(edge.source, edge.target, false);
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    for (const graph::Action& action : program.nodes[i].actions) {
      for (const graph::NodeId target : action.targets) visit(graph::NodeId{i}, target, true);
    }
  }
}

/// By step k: what it costs the reader to have a new row begin there. An edge to the row below is drawn as a pair of
/// connectors, one pair for all edges of a source; a decision should stand in the row of its consequences.
std::vector<double> cut_costs(const graph::Program& program, const std::vector<std::uint32_t>& step,
                              std::uint32_t step_count) {
  constexpr double cost_of_source = 1;
  constexpr double cost_of_action = 6;
  std::vector<std::uint32_t> farthest(program.nodes.size(), 0);
  std::vector<double> costs(step_count + 1, 0);
  visit_edges(program, [&](graph::NodeId source, graph::NodeId target, bool is_control) {
    farthest[source.index] = std::max(farthest[source.index], step[target.index]);
    if (!is_control) return;
    for (std::uint32_t k = step[source.index] + 1; k <= step[target.index]; ++k) costs[k] += cost_of_action;
  });
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    for (std::uint32_t k = step[i] + 1; k <= farthest[i]; ++k) costs[k] += cost_of_source;
  }
  return costs;
}

/// Steps per row so that the drawing becomes about as wide as a page in landscape: a step is about as wide as two nodes
/// and a gap are high.
std::uint32_t preferred_length(std::size_t node_count, std::uint32_t step_count) {
  constexpr double landscape = 1.5;
  const double nodes_per_step = static_cast<double>(node_count) / step_count;
  const double row_height_in_steps = 0.35 + 0.5 * nodes_per_step;
  const double length = std::sqrt(landscape * step_count * row_height_in_steps);
  return static_cast<std::uint32_t>(std::clamp(length, 10.0, 30.0));
}

}  // namespace

std::vector<std::uint32_t> steps(const graph::Program& program) {
  std::vector<std::uint32_t> step(program.nodes.size(), 0);
  std::vector<std::vector<graph::NodeId>> sources(program.nodes.size());
  std::vector<std::uint32_t> first_reader(program.nodes.size(), std::numeric_limits<std::uint32_t>::max());
  visit_edges(program,
              [&](graph::NodeId source, graph::NodeId target, bool) { sources[target.index].push_back(source); });
  for (const graph::NodeId id : program.topological_order) {
    for (const graph::NodeId source : sources[id.index])
      step[id.index] = std::max(step[id.index], step[source.index] + 1);
  }
  visit_edges(program, [&](graph::NodeId source, graph::NodeId target, bool) {
    first_reader[source.index] = std::min(first_reader[source.index], step[target.index]);
  });
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const graph::NodeKind kind = program.nodes[i].kind;
    const bool is_read = first_reader[i] != std::numeric_limits<std::uint32_t>::max();
    if ((kind == graph::NodeKind::input || kind == graph::NodeKind::dummy) && is_read)
      step[i] = std::max(step[i], first_reader[i] - 1);
  }
  return step;
}

std::vector<std::uint32_t> fold_into_rows(const graph::Program& program) {
  const std::vector<std::uint32_t> step = steps(program);
  std::uint32_t step_count = 0;
  for (const std::uint32_t s : step) step_count = std::max(step_count, s + 1);
  std::vector<std::uint32_t> rows(program.nodes.size(), 0);
  if (step_count <= longest_row) return rows;

  // best[k]: the least cost of rows that end before step k; the last of them begins at begin[k].
  const std::vector<double> cut = cut_costs(program, step, step_count);
  const std::uint32_t length = preferred_length(program.nodes.size(), step_count);
  const std::uint32_t shortest = length - length / 3;
  const std::uint32_t longest = length + length / 4;
  std::vector<double> best(step_count + 1, std::numeric_limits<double>::infinity());
  std::vector<std::uint32_t> begin(step_count + 1, 0);
  best[0] = 0;
  for (std::uint32_t k = 1; k <= step_count; ++k) {
    for (std::uint32_t size = 1; size <= std::min(longest, k); ++size) {
      const bool is_last = k == step_count;
      if (size < shortest && !is_last) continue;
      const double raggedness = is_last && size < length ? 0 : 0.1 * std::abs(static_cast<double>(size) - length);
      const double cost = best[k - size] + (is_last ? 0 : cut[k]) + raggedness;
      if (cost < best[k]) {
        best[k] = cost;
        begin[k] = k - size;
      }
    }
  }
  std::vector<std::uint32_t> row_of_step(step_count, 0);
  for (std::uint32_t k = step_count; k > 0; k = begin[k]) row_of_step[begin[k]] = 1;  // a row begins here
  std::uint32_t row = 0;
  for (std::uint32_t k = 1; k < step_count; ++k) row_of_step[k] = row += row_of_step[k];
  row_of_step[0] = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = row_of_step[step[i]];
  return rows;
}

}  // namespace d2nn::draw
