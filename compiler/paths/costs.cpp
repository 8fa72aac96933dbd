#include "paths/costs.h"

#include "paths/cost_diagrams.h"

namespace d2nn::paths {
namespace {

/// The least of the sums of sign * cost over all paths.
std::int64_t least_sum(const graph::Program& program, const Conditions& conditions, std::int64_t sign,
                       std::size_t node_limit) {
  CostDiagrams diagrams(node_limit);
  int variable_count = 0;
  for (const ControlCode& code : conditions.codes) variable_count += static_cast<int>(code.variables.size());
  // Terms by the last variable they depend on; [0]: constants.
  std::vector<std::vector<CostDiagrams::Function>> terms(static_cast<std::size_t>(variable_count) + 1);
  const auto keep = [&](CostDiagrams::Function term) {
    terms[static_cast<std::size_t>(diagrams.last_variable(term) + 1)].push_back(term);
  };

  for (std::size_t node = 0; node < program.nodes.size(); ++node) {
    const std::int64_t cost = program.nodes[node].cost;
    if (cost != 0) keep(diagrams.choose(conditions.executes[node], sign * cost, 0));
  }
  for (const Predicate& valid : conditions.valid_code) keep(diagrams.choose(valid, 0, CostDiagrams::no_path));

  for (std::size_t slot = terms.size(); slot-- > 0;) {
    CostDiagrams::Function sum = diagrams.constant(0);
    for (CostDiagrams::Function term : terms[slot]) sum = diagrams.add(sum, term);
    if (slot == 0) return diagrams.value(sum);
    keep(diagrams.minimum_over(sum, static_cast<int>(slot) - 1));
  }
  return 0;
}

/// Costs of the nodes that execute on every path, and of those that execute on some.
CostRange bounds(const graph::Program& program, const Conditions& conditions) {
  CostRange range{0, 0, false};
  for (std::size_t node = 0; node < program.nodes.size(); ++node) {
    const std::int64_t cost = program.nodes[node].cost;
    if (cost == 0) continue;
    if (((!conditions.executes[node]) & conditions.valid).is_never()) range.least += cost;
    if (!(conditions.executes[node] & conditions.valid).is_never()) range.greatest += cost;
  }
  return range;
}

}  // namespace

CostRange cost_range(const graph::Program& program, const Conditions& conditions, std::size_t node_limit) {
  try {
    return {least_sum(program, conditions, 1, node_limit), -least_sum(program, conditions, -1, node_limit), true};
  } catch (const CostDiagramsTooLarge&) {
    return bounds(program, conditions);
  }
}

}  // namespace d2nn::paths
