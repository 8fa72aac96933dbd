// The analysis as a whole: conditions, then everything that follows from them. When BuDDy gives up, only what the graph
// alone says is reported.
#include "paths/paths.h"

#include <gmpxx.h>

#include <algorithm>
#include <unordered_map>

#include "paths/costs.h"
#include "paths/expectation.h"
#include "paths/path_list.h"
#include "paths/predicates.h"
#include "paths/remaining_costs_of.h"
#include "paths/same_effect.h"
#include "paths/uses_of.h"
#include "paths/witness.h"

namespace d2nn::paths {
namespace {

constexpr int diagram_node_limit = 1'000'000;  // about a second and 40 MB until it gives up
constexpr std::size_t cost_node_limit = 1'000'000;
constexpr std::size_t witness_state_limit = 20'000;

/// Counts satisfying assignments of the variables from `from` on; BuDDy's own count is a double.
class Counter {
 public:
  explicit Counter(int variable_count) : variable_count_(variable_count) {}

  mpz_class count(const Predicate& predicate, int from) {
    if (predicate.is_never()) return 0;
    if (predicate.is_always()) return mpz_class(1) << static_cast<mp_bitcnt_t>(variable_count_ - from);
    const int variable = predicate.variable();
    auto known = below_.find(predicate.key());
    if (known == below_.end()) {
      mpz_class sum = count(predicate.when_no(), variable + 1) + count(predicate.when_yes(), variable + 1);
      known = below_.emplace(predicate.key(), std::move(sum)).first;
    }
    return known->second << static_cast<mp_bitcnt_t>(variable - from);
  }

 private:
  int variable_count_;
  std::unordered_map<int, mpz_class> below_;  // by key: assignments of the variables from the predicate's first on
};

void count_paths(const graph::Program& program, const Conditions& conditions, const DiagramSession& session,
                 int variable_count, Analysis& analysis) {
  try {
    const mpz_class path_count = Counter(variable_count).count(one_assignment_per_path(conditions, session), 0);
    analysis.path_count = path_count.get_str();
    if (path_count > listed_paths_limit) return;
  } catch (const DiagramError& error) {
    analysis.not_counted = error.what();
  }
  analysis.paths = list_paths(program, conditions, listed_paths_limit);
  if (!analysis.paths) return;
  analysis.path_count = std::to_string(analysis.paths->size());
  analysis.not_counted.clear();
}

void price_paths(const graph::Program& program, const Conditions& conditions, const Frequencies& frequencies,
                 Analysis& analysis) {
  const CostRange costs = cost_range(program, conditions, cost_node_limit);
  analysis.least_cost = costs.least;
  analysis.greatest_cost = costs.greatest;
  analysis.costs_are_exact = costs.is_exact;
  if (costs.is_exact) {
    analysis.least_path = path_of(program, conditions, costs.least_path);
    analysis.greatest_path = path_of(program, conditions, costs.greatest_path);
  }
  analysis.execution_probability = execution_probabilities(program, conditions, frequencies);
  for (std::size_t node = 0; node < program.nodes.size(); ++node) {
    const double cost = static_cast<double>(program.nodes[node].cost) * analysis.execution_probability[node];
    analysis.expected_cost += cost;
    if (program.nodes[node].kind == graph::NodeKind::control) analysis.expected_control_cost += cost;
  }
}

/// What plans and modules need, from the conditions that are there; what they do not suffice for is left open.
void find_uses_and_costs(const graph::Program& program, const Conditions& conditions, const DiagramSession& session,
                         Analysis& analysis) {
  const Questions& questions = analysis.questions;
  try {
    if (questions.remaining_costs && analysis.costs_are_exact)
      analysis.remaining_costs = remaining_costs_of(program, conditions);
    if (questions.uses) analysis.uses = uses_of(program, questions.uses_are_conditional, conditions, session);
  } catch (const DiagramError&) {
  }
}

Analysis analyse_exactly(const graph::Program& program, const Questions& questions, const Frequencies& frequencies,
                         const std::vector<graph::NodeId>& variable_order) {
  const int variable_count = count_variables(program);
  const DiagramSession session(variable_count, diagram_node_limit);
  const Conditions conditions = make_conditions(program, session, variable_order);

  Analysis analysis;
  analysis.questions = questions;
  for (const Predicate& executes : conditions.executes) analysis.never_executes.push_back(executes.is_never());
  for (std::size_t edge = 0; edge < program.edges.size(); ++edge) {
    analysis.edge_can_be_null.push_back(!conditions.null_edge[edge].is_never());
    analysis.source_can_be_skipped.push_back(!conditions.executes[program.edges[edge].source.index].is_always());
  }
  for (graph::NodeId output : graph::nodes_of(program, graph::NodeKind::output)) {
    const auto decisions =
        shortest_witness(!conditions.executes[output.index], conditions, session, witness_state_limit);
    if (decisions) analysis.null_outputs.push_back({output, *decisions});
  }
  analysis.same_effects = actions_of_same_effect(program, conditions, session);
  if (questions.paths) price_paths(program, conditions, frequencies, analysis);
  // These go by the topological order.
  if (variable_order.empty()) find_uses_and_costs(program, conditions, session, analysis);
  if (questions.paths) count_paths(program, conditions, session, variable_count, analysis);
  return analysis;
}

/// The number of paths once more, where it alone was too hard in the first order of the variables.
void recount_paths(const graph::Program& program, Analysis& analysis) {
  const int variable_count = count_variables(program);
  try {
    const DiagramSession session(variable_count, diagram_node_limit);
    const Conditions conditions = make_conditions(program, session, order_from_outputs(program));
    Analysis counted;
    count_paths(program, conditions, session, variable_count, counted);
    if (counted.path_count.empty()) return;
    analysis.path_count = std::move(counted.path_count);
    analysis.paths = std::move(counted.paths);
    analysis.not_counted.clear();
  } catch (const DiagramError&) {
  }
}

/// What can be said without diagrams: a node may be skipped when an action targets it or an input of it may be null.
Analysis analyse_structure(const graph::Program& program, std::string why) {
  Analysis analysis;
  analysis.gave_up = std::move(why);
  analysis.not_counted = analysis.gave_up;
  analysis.costs_are_exact = false;
  analysis.never_executes.assign(program.nodes.size(), false);
  analysis.edge_can_be_null.assign(program.edges.size(), false);
  analysis.source_can_be_skipped.assign(program.edges.size(), false);
  const auto activating = graph::activations(program);
  std::vector<bool> can_be_skipped(program.nodes.size());
  for (graph::NodeId id : program.topological_order) {
    const graph::Node& node = program[id];
    bool can_skip = !activating[id.index].empty();
    for (const graph::NodeInput& input : node.inputs) {
      const auto can_be_null = [&](graph::EdgeId edge) { return bool(analysis.edge_can_be_null[edge.index]); };
      const bool needs_one = input.join == graph::Join::first || input.join == graph::Join::last;
      can_skip |= needs_one ? std::all_of(input.edges.begin(), input.edges.end(), can_be_null)
                            : std::any_of(input.edges.begin(), input.edges.end(), can_be_null);
    }
    can_be_skipped[id.index] = can_skip;
    for (graph::EdgeId edge : node.outgoing) {
      analysis.source_can_be_skipped[edge.index] = can_skip;
      analysis.edge_can_be_null[edge.index] = can_skip && !program[edge].fallback;
    }
    if (!can_skip) analysis.least_cost += node.cost;
    analysis.greatest_cost += node.cost;
  }
  for (graph::NodeId output : graph::nodes_of(program, graph::NodeKind::output)) {
    if (can_be_skipped[output.index]) analysis.null_outputs.push_back({output, {}});
  }
  return analysis;
}

Analysis analyse_in_some_order(const graph::Program& program, const Questions& questions,
                               const Frequencies& frequencies) {
  try {
    Analysis analysis = analyse_exactly(program, questions, frequencies, {});
    if (!analysis.not_counted.empty()) recount_paths(program, analysis);
    return analysis;
  } catch (const DiagramError&) {
  }
  try {
    return analyse_exactly(program, questions, frequencies, order_from_outputs(program));
  } catch (const DiagramError& error) {
    return analyse_structure(program, error.what());
  }
}

}  // namespace

Analysis analyse(const graph::Program& program, const Questions& questions, const Frequencies& frequencies) {
  Questions complete = questions;
  complete.paths = questions.paths || questions.remaining_costs;
  Analysis analysis = analyse_in_some_order(program, complete, frequencies);
  analysis.questions = complete;
  // With diagrams of its own where those of the analysis had no room for it.
  if (questions.uses && !analysis.uses) analysis.uses = find_uses(program, questions.uses_are_conditional);
  return analysis;
}

bool answers(const Analysis& analysis, const Questions& questions) {
  const Questions& known = analysis.questions;
  const bool has_uses = known.uses && known.uses_are_conditional == questions.uses_are_conditional;
  return (known.paths || !questions.paths) && (known.remaining_costs || !questions.remaining_costs) &&
         (has_uses || !questions.uses);
}

}  // namespace d2nn::paths
