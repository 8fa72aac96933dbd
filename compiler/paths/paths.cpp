// The analysis as a whole: conditions, then everything that follows from them. Every conclusion is drawn from
// `condition & valid`: assignments that mean no path prove nothing. When BuDDy gives up, only what the graph alone says
// is reported.
#include "paths/paths.h"

#include <gmpxx.h>

#include <algorithm>
#include <unordered_map>

#include "paths/costs.h"
#include "paths/predicates.h"
#include "paths/witness.h"

namespace d2nn::paths {
namespace {

constexpr int diagram_node_limit = 1'000'000;  // about three seconds and 40 MB until it gives up
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

/// Walks the diagrams of the execution conditions, deciding one control node after the other.
class PathLister {
 public:
  PathLister(const graph::Program& program, const Conditions& conditions) : program_(program), conditions_(conditions) {
    position_.resize(program.nodes.size());
    const auto controls = graph::nodes_of(program, graph::NodeKind::control);
    for (std::size_t i = 0; i < controls.size(); ++i) position_[controls[i].index] = i;
    decisions_.resize(controls.size());
    for (const ControlCode& code : conditions.codes) bits_.resize(bits_.size() + code.variables.size());
  }

  std::vector<Path> list() {
    decide_from(0);
    std::sort(paths_.begin(), paths_.end(),
              [](const Path& left, const Path& right) { return left.decisions < right.decisions; });
    return std::move(paths_);
  }

 private:
  bool holds(const Predicate& predicate) const { return predicate.holds(bits_); }

  void set_bits(const ControlCode& code, std::uint32_t action) {
    for (std::size_t i = 0; i < code.variables.size(); ++i) {
      bits_[static_cast<std::size_t>(code.variables[i])] = (action >> (code.variables.size() - 1 - i)) & 1u;
    }
  }

  void decide_from(std::size_t position) {
    if (position == conditions_.codes.size()) return add_path();
    const ControlCode& code = conditions_.codes[position];
    std::optional<std::uint32_t>& decision = decisions_[position_[code.control.index]];
    if (!holds(conditions_.executes[code.control.index])) {
      decision = std::nullopt;
      set_bits(code, 0);
      return decide_from(position + 1);
    }
    for (std::uint32_t action = 0; action < code.action_count; ++action) {
      decision = action;
      set_bits(code, action);
      decide_from(position + 1);
    }
  }

  void add_path() {
    Path path;
    path.decisions = decisions_;
    std::vector<bool> executed(program_.nodes.size());
    for (graph::NodeId id : program_.topological_order) {
      executed[id.index] = holds(conditions_.executes[id.index]);
      const graph::NodeKind kind = program_[id].kind;
      const bool is_function = kind == graph::NodeKind::regular || kind == graph::NodeKind::control;
      if (is_function && executed[id.index]) path.executed.push_back(id);
      if (kind == graph::NodeKind::output && !executed[id.index]) path.null_outputs.push_back(id);
    }
    std::sort(path.null_outputs.begin(), path.null_outputs.end());
    path.cost = graph::path_cost(program_, executed);
    paths_.push_back(std::move(path));
  }

  const graph::Program& program_;
  const Conditions& conditions_;
  std::vector<std::size_t> position_;  // by NodeId::index: of a control node in order of declaration
  std::vector<bool> bits_;             // by variable
  Decisions decisions_;
  std::vector<Path> paths_;
};

void count_and_price(const graph::Program& program, const Conditions& conditions, int variable_count,
                     Analysis& analysis) {
  const mpz_class path_count = Counter(variable_count).count(conditions.valid, 0);
  analysis.path_count = path_count.get_str();
  if (path_count <= listed_paths_limit) analysis.paths = PathLister(program, conditions).list();

  const CostRange costs = cost_range(program, conditions, cost_node_limit);
  analysis.least_cost = costs.least;
  analysis.greatest_cost = costs.greatest;
  analysis.costs_are_exact = costs.is_exact;
}

Analysis analyse_exactly(const graph::Program& program, Questions questions) {
  int variable_count = 0;
  for (const ControlCode& code : control_codes(program)) variable_count += static_cast<int>(code.variables.size());
  const DiagramSession session(variable_count, diagram_node_limit);
  const Conditions conditions = make_conditions(program, session);
  const auto is_possible = [&](const Predicate& condition) { return !(condition & conditions.valid).is_never(); };

  Analysis analysis;
  if (questions == Questions::everything) count_and_price(program, conditions, variable_count, analysis);
  for (const Predicate& executes : conditions.executes) analysis.never_executes.push_back(!is_possible(executes));
  for (std::size_t edge = 0; edge < program.edges.size(); ++edge) {
    analysis.edge_can_be_null.push_back(is_possible(conditions.null_edge[edge]));
    analysis.source_can_be_skipped.push_back(is_possible(!conditions.executes[program.edges[edge].source.index]));
  }
  for (graph::NodeId output : graph::nodes_of(program, graph::NodeKind::output)) {
    const auto decisions =
        shortest_witness(!conditions.executes[output.index], conditions, session, witness_state_limit);
    if (decisions) analysis.null_outputs.push_back({output, *decisions});
  }
  return analysis;
}

/// What can be said without diagrams: a node may be skipped when an action targets it or an input of it may be null.
Analysis analyse_structure(const graph::Program& program, std::string why) {
  Analysis analysis;
  analysis.gave_up = std::move(why);
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

}  // namespace

Analysis analyse(const graph::Program& program, Questions questions) {
  try {
    return analyse_exactly(program, questions);
  } catch (const DiagramError& error) {
    return analyse_structure(program, error.what());
  }
}

}  // namespace d2nn::paths
