// Random small programs, analysed and enumerated: the enumeration runs the rules of docs/language.md literally, path by
// path.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "paths/paths.h"
#include "reference/program_builder.h"

using namespace d2nn;
using graph::Join;
using graph::NodeId;
using graph::NodeKind;
using graph::Program;
using paths::Analysis;
using paths::Decisions;
using reference::ProgramBuilder;

namespace {

/// Layers of regular and control nodes on vectors of two; every node reads one to three earlier ones.
Program random_program(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  ProgramBuilder builder;
  std::vector<NodeId> sources{builder.input("x", ops::Shape{2})};
  if (below(3) == 0) sources.push_back(builder.dummy("D", ops::Shape{2}, {1}));
  struct Pending {
    NodeId control;
    std::uint64_t actions;
  };
  std::vector<Pending> controls;
  std::vector<std::vector<std::vector<NodeId>>> action_targets;

  const auto connect = [&](NodeId target) {
    std::vector<NodeId> chosen;
    for (std::uint64_t i = 0, count = 1 + below(3); i < count; ++i) {
      // Mostly recent nodes, so that chains of skipped nodes come about.
      const std::size_t back = std::min<std::size_t>(below(4), sources.size() - 1);
      const NodeId source = sources[sources.size() - 1 - back];
      if (std::find(chosen.begin(), chosen.end(), source) == chosen.end()) chosen.push_back(source);
    }
    for (NodeId source : chosen) {
      std::optional<std::vector<float>> fallback;
      if (below(6) == 0) fallback = std::vector<float>{0};
      builder.edge(source, target, fallback);
    }
    if (chosen.size() > 1) {
      constexpr Join joins[]{Join::sum, Join::mean, Join::max, Join::first, Join::last};
      builder.join(target, joins[below(5)]);
    }
  };

  const std::uint64_t node_count = 4 + below(9);
  for (std::uint64_t i = 0; i < node_count; ++i) {
    if (controls.size() < 5 && below(3) == 0) {
      const NodeId control = builder.control("Q" + std::to_string(i));
      connect(control);
      controls.push_back({control, 2 + below(4)});
      builder.op(control, "dense", reference::dense_attrs(static_cast<std::int64_t>(controls.back().actions)));
      action_targets.emplace_back(controls.back().actions);
      continue;
    }
    const NodeId node = builder.node("N" + std::to_string(i));
    connect(node);
    if (below(2) == 0) builder.op(node, "dense", reference::dense_attrs(2));
    for (std::size_t c = 0; c < controls.size(); ++c) {
      if (below(2) == 0) continue;
      for (auto& targets_of_action : action_targets[c]) {
        if (below(2) == 0) targets_of_action.push_back(node);
      }
    }
    sources.push_back(node);
  }
  for (std::size_t c = 0; c < controls.size(); ++c) {
    for (std::size_t a = 0; a < action_targets[c].size(); ++a) {
      builder.action(controls[c].control, "a" + std::to_string(a), action_targets[c][a]);
    }
  }
  for (int i = 0; i < 2; ++i) connect(builder.output("y" + std::to_string(i)));
  Program program = builder.finish();
  for (graph::Node& node : program.nodes) {
    if (node.kind == NodeKind::regular || node.kind == NodeKind::control)
      node.cost = static_cast<std::int64_t>(below(50));
  }
  return program;
}

struct EnumeratedPath {
  Decisions decisions;
  std::vector<bool> executed;  // by NodeId::index, every kind
  std::vector<bool> null_edge;
  std::int64_t cost = 0;
};

class Enumeration {
 public:
  explicit Enumeration(const Program& program)
      : program_(program), controls_(graph::nodes_of(program, NodeKind::control)) {
    state_.decisions.resize(controls_.size());
    state_.executed.resize(program.nodes.size());
    state_.null_edge.resize(program.edges.size());
    step(0);
  }
  std::vector<EnumeratedPath> paths;

 private:
  bool executes(NodeId id) const {
    for (const graph::NodeInput& input : program_[id].inputs) {
      std::size_t null_count = 0;
      for (graph::EdgeId edge : input.edges) null_count += state_.null_edge[edge.index];
      const bool takes_any = input.join == Join::first || input.join == Join::last;
      if (takes_any ? null_count == input.edges.size() : null_count > 0) return false;
    }
    bool is_targeted = false;
    bool is_activated = false;
    for (std::size_t c = 0; c < controls_.size(); ++c) {
      const auto& actions = program_[controls_[c]].actions;
      for (std::uint32_t a = 0; a < actions.size(); ++a) {
        if (std::count(actions[a].targets.begin(), actions[a].targets.end(), id) == 0) continue;
        is_targeted = true;
        is_activated |= state_.decisions[c] == a;
      }
    }
    return !is_targeted || is_activated;
  }

  void step(std::size_t position) {
    if (position == program_.topological_order.size()) {
      state_.cost = 0;
      for (std::size_t i = 0; i < program_.nodes.size(); ++i)
        state_.cost += state_.executed[i] ? program_.nodes[i].cost : 0;
      paths.push_back(state_);
      return;
    }
    const NodeId id = program_.topological_order[position];
    const bool is_executed = executes(id);
    state_.executed[id.index] = is_executed;
    for (graph::EdgeId edge : program_[id].outgoing)
      state_.null_edge[edge.index] = !is_executed && !program_[edge].fallback;
    if (program_[id].kind != NodeKind::control) return step(position + 1);
    auto& decision =
        state_.decisions[std::size_t(std::find(controls_.begin(), controls_.end(), id) - controls_.begin())];
    decision = std::nullopt;
    if (!is_executed) return step(position + 1);
    for (std::uint32_t action = 0; action < program_[id].actions.size(); ++action) {
      decision = action;
      step(position + 1);
    }
    decision = std::nullopt;
  }

  const Program& program_;
  std::vector<NodeId> controls_;
  EnumeratedPath state_;
};

using Decided = std::vector<std::pair<std::size_t, std::uint32_t>>;  // position of the control node, action

bool takes(const EnumeratedPath& path, const Decided& decided) {
  return std::all_of(decided.begin(), decided.end(),
                     [&](const auto& decision) { return path.decisions[decision.first] == decision.second; });
}

/// Some path takes the decisions, and all that do leave the output null.
bool forces_null(const std::vector<EnumeratedPath>& paths, NodeId output, const Decided& decided) {
  bool is_possible = false;
  for (const EnumeratedPath& path : paths) {
    if (!takes(path, decided)) continue;
    is_possible = true;
    if (path.executed[output.index]) return false;
  }
  return is_possible;
}

/// Whether some list of `length` decisions by control nodes from `from` on, added to `decided`, forces the output to
/// null.
bool some_list_forces_null(const Program& program, const std::vector<EnumeratedPath>& paths, NodeId output,
                           Decided& decided, std::size_t from, std::size_t length) {
  if (length == 0) return forces_null(paths, output, decided);
  const auto controls = graph::nodes_of(program, NodeKind::control);
  for (std::size_t c = from; c < controls.size(); ++c) {
    for (std::uint32_t a = 0; a < program[controls[c]].actions.size(); ++a) {
      decided.emplace_back(c, a);
      const bool found = some_list_forces_null(program, paths, output, decided, c + 1, length - 1);
      decided.pop_back();
      if (found) return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("the least and the greatest path are paths, of that cost") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    const Program program = random_program(seed);
    const Analysis analysis = paths::analyse(program);
    REQUIRE(analysis.paths);
    REQUIRE(analysis.least_path);
    REQUIRE(analysis.greatest_path);
    for (const auto& [found, cost] : {std::pair{*analysis.least_path, analysis.least_cost},
                                      std::pair{*analysis.greatest_path, analysis.greatest_cost}}) {
      CHECK(found.cost == cost);
      const auto same = std::find_if(analysis.paths->begin(), analysis.paths->end(),
                                     [&](const paths::Path& path) { return path.decisions == found.decisions; });
      REQUIRE(same != analysis.paths->end());
      CHECK(same->executed == found.executed);
      CHECK(same->null_outputs == found.null_outputs);
    }
  }
}

TEST_CASE("expected costs of random frequencies agree with the sum over all paths") {
  std::size_t with_uneven = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    const Program program = random_program(seed);
    const auto controls = graph::nodes_of(program, NodeKind::control);
    std::mt19937_64 random(seed);
    paths::Frequencies frequencies;
    for (NodeId control : controls) {
      frequencies.emplace_back();
      if (random() % 4 == 0) continue;  // all alike
      double sum = 0;
      for (std::size_t a = 0; a < program[control].actions.size(); ++a) {
        frequencies.back().push_back(static_cast<double>(random() % 4));
        sum += frequencies.back().back();
      }
      if (sum == 0) frequencies.back()[0] = sum = 1;
      for (double& frequency : frequencies.back()) frequency /= sum;
      ++with_uneven;
    }
    std::vector<double> expected(program.nodes.size());
    double expected_cost = 0;
    double control_cost = 0;
    for (const EnumeratedPath& path : Enumeration(program).paths) {
      double probability = 1;
      for (std::size_t c = 0; c < controls.size(); ++c) {
        if (!path.decisions[c]) continue;
        probability *= frequencies[c].empty() ? 1.0 / static_cast<double>(program[controls[c]].actions.size())
                                              : frequencies[c][*path.decisions[c]];
      }
      expected_cost += probability * static_cast<double>(path.cost);
      for (std::size_t n = 0; n < program.nodes.size(); ++n) {
        if (!path.executed[n]) continue;
        expected[n] += probability;
        if (program.nodes[n].kind == NodeKind::control)
          control_cost += probability * static_cast<double>(program.nodes[n].cost);
      }
    }
    const Analysis analysis = paths::analyse(program, paths::all_paths, frequencies);
    CHECK(analysis.expected_cost == doctest::Approx(expected_cost));
    CHECK(analysis.expected_control_cost == doctest::Approx(control_cost));
    REQUIRE(analysis.execution_probability.size() == program.nodes.size());
    for (std::size_t n = 0; n < program.nodes.size(); ++n) {
      CHECK(analysis.execution_probability[n] == doctest::Approx(expected[n]));
    }
  }
  CHECK(with_uneven > 200);
}

TEST_CASE("actions of random programs that change nothing are those whose paths are the same otherwise") {
  // What is left of a path when the choice of one control node is covered.
  using Rest = std::pair<Decisions, std::vector<bool>>;
  std::size_t with_other_targets = 0, same = 0, different = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    const Program program = random_program(seed);
    const auto controls = graph::nodes_of(program, NodeKind::control);
    const std::vector<EnumeratedPath> all = Enumeration(program).paths;
    const Analysis analysis = paths::analyse(program, paths::null_values);
    std::size_t expected_count = 0;
    for (std::size_t c = 0; c < controls.size(); ++c) {
      std::vector<std::set<Rest>> rests(program[controls[c]].actions.size());
      for (const EnumeratedPath& path : all) {
        if (!path.decisions[c]) continue;
        Rest rest{path.decisions, path.executed};
        rest.first[c] = 0;
        rests[*path.decisions[c]].insert(rest);
      }
      if (rests[0].empty()) continue;
      for (std::uint32_t action = 1; action < rests.size(); ++action) {
        const auto first = std::find(rests.begin(), rests.begin() + action, rests[action]);
        const auto found =
            std::find_if(analysis.same_effects.begin(), analysis.same_effects.end(),
                         [&](const auto& effect) { return effect.control == controls[c] && effect.action == action; });
        const bool is_same = first != rests.begin() + action;
        REQUIRE((found != analysis.same_effects.end()) == is_same);
        ++(is_same ? same : different);
        if (!is_same) continue;
        ++expected_count;
        CHECK(found->earlier == static_cast<std::uint32_t>(first - rests.begin()));
        const auto& actions = program[controls[c]].actions;
        with_other_targets += actions[found->earlier].targets != actions[action].targets;
      }
    }
    CHECK(analysis.same_effects.size() == expected_count);
  }
  // The programs must be worth the trouble.
  CHECK(same > 50);
  CHECK(different > 50);
  CHECK(with_other_targets > 10);
}

TEST_CASE("the analysis of random programs agrees with the enumeration of their paths") {
  std::size_t with_null = 0, with_never = 0, with_many_paths = 0, with_long_witness = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    const Program program = random_program(seed);
    const Analysis analysis = paths::analyse(program);
    std::vector<EnumeratedPath> expected = Enumeration(program).paths;
    std::sort(expected.begin(), expected.end(),
              [](const auto& left, const auto& right) { return left.decisions < right.decisions; });
    REQUIRE(analysis.gave_up.empty());
    REQUIRE(analysis.path_count == std::to_string(expected.size()));
    REQUIRE(analysis.paths);
    REQUIRE(analysis.paths->size() == expected.size());
    std::int64_t least = expected[0].cost, greatest = expected[0].cost;
    std::vector<bool> some_executes(program.nodes.size()), some_null(program.edges.size()),
        some_skips(program.edges.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const paths::Path& path = (*analysis.paths)[i];
      REQUIRE(path.decisions == expected[i].decisions);
      REQUIRE(path.cost == expected[i].cost);
      for (NodeId id : path.executed) REQUIRE(expected[i].executed[id.index]);
      std::size_t functions = 0;
      std::vector<NodeId> null_outputs;
      for (std::uint32_t n = 0; n < program.nodes.size(); ++n) {
        const NodeKind kind = program.nodes[n].kind;
        functions += expected[i].executed[n] && (kind == NodeKind::regular || kind == NodeKind::control);
        if (kind == NodeKind::output && !expected[i].executed[n]) null_outputs.push_back({n});
        if (expected[i].executed[n]) some_executes[n] = true;
      }
      REQUIRE(path.executed.size() == functions);
      REQUIRE(path.null_outputs == null_outputs);
      for (std::size_t e = 0; e < program.edges.size(); ++e) {
        if (expected[i].null_edge[e]) some_null[e] = true;
        if (!expected[i].executed[program.edges[e].source.index]) some_skips[e] = true;
      }
      least = std::min(least, expected[i].cost);
      greatest = std::max(greatest, expected[i].cost);
    }
    CHECK(analysis.costs_are_exact);
    CHECK(analysis.least_cost == least);
    CHECK(analysis.greatest_cost == greatest);
    CHECK(analysis.edge_can_be_null == some_null);
    CHECK(analysis.source_can_be_skipped == some_skips);
    const Analysis nulls = paths::analyse(program, paths::null_values);
    CHECK(nulls.never_executes == analysis.never_executes);
    CHECK(nulls.edge_can_be_null == some_null);
    CHECK(nulls.source_can_be_skipped == some_skips);
    CHECK(nulls.null_outputs.size() == analysis.null_outputs.size());
    CHECK(nulls.path_count.empty());
    for (std::size_t n = 0; n < program.nodes.size(); ++n) {
      CHECK(analysis.never_executes[n] == !some_executes[n]);
      with_never += !some_executes[n];
    }

    std::size_t witnesses = 0;
    const auto controls = graph::nodes_of(program, NodeKind::control);
    for (NodeId output : graph::nodes_of(program, NodeKind::output)) {
      const bool can_be_null = std::any_of(expected.begin(), expected.end(),
                                           [&](const EnumeratedPath& path) { return !path.executed[output.index]; });
      if (!can_be_null) continue;
      REQUIRE(witnesses < analysis.null_outputs.size());
      const auto& witness = analysis.null_outputs[witnesses++];
      REQUIRE(witness.output == output);
      Decided decided;
      for (const auto& [control, action] : witness.decisions) {
        decided.emplace_back(std::size_t(std::find(controls.begin(), controls.end(), control) - controls.begin()),
                             action);
      }
      CHECK(forces_null(expected, output, decided));
      for (std::size_t length = 0; length < decided.size(); ++length) {
        Decided shorter;
        CHECK_FALSE(some_list_forces_null(program, expected, output, shorter, 0, length));
      }
      with_long_witness += decided.size() > 1;
    }
    CHECK(witnesses == analysis.null_outputs.size());
    with_null += witnesses > 0;
    with_many_paths += expected.size() > 20;
  }
  // The programs must be worth the trouble.
  CHECK(with_null > 50);
  CHECK(with_never > 10);
  CHECK(with_many_paths > 50);
  CHECK(with_long_witness > 10);
}
