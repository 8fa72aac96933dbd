// Needs are predicates over all decisions; a plan can test only decisions that are made before the node is computed. So
// the decisions behind a node are quantified away (the value then counts as needed when some of them would need it),
// and what is left, simplified by when the node executes at all, becomes a short list of steps.
#include "paths/uses.h"

#include <algorithm>
#include <map>

#include "paths/needs.h"
#include "paths/uses_of.h"

namespace d2nn::paths {
namespace {

constexpr int node_limit = 500'000;
/// A longer decision is not worth its tests: the node is computed wherever it executes.
constexpr std::size_t most_steps = 24;

/// Turns a predicate into steps.
class StepBuilder {
 public:
  StepBuilder(const std::vector<ControlCode>& codes, const std::vector<std::size_t>& code_of_variable)
      : codes_(codes), code_of_variable_(code_of_variable) {}

  /// False when the steps became too many.
  bool build(const Predicate& predicate) {
    step(predicate);
    return steps_.size() <= most_steps;
  }
  std::vector<DecisionStep> take() { return std::move(steps_); }

 private:
  std::uint32_t step(const Predicate& predicate) {
    if (predicate.is_never()) return 0;
    if (predicate.is_always()) return 1;
    for (const auto& [known, place] : known_) {
      if (known == predicate) return place;
    }
    if (steps_.size() > most_steps) return 1;
    const ControlCode& code = codes_[code_of_variable_[static_cast<std::size_t>(predicate.variable())]];
    DecisionStep made{code.control, {}};
    for (std::uint32_t action = 0; action < code.action_count; ++action) {
      made.next.push_back(step(after_action(predicate, code, action)));
    }
    std::uint32_t place = made.next.front();
    if (std::any_of(made.next.begin(), made.next.end(), [&](std::uint32_t next) { return next != place; })) {
      steps_.push_back(std::move(made));
      place = static_cast<std::uint32_t>(steps_.size() + 1);
    }
    known_.emplace_back(predicate, place);
    return place;
  }

  const std::vector<ControlCode>& codes_;
  const std::vector<std::size_t>& code_of_variable_;
  std::vector<DecisionStep> steps_;
  std::vector<std::pair<Predicate, std::uint32_t>> known_;
};

class UseFinder {
 public:
  UseFinder(const graph::Program& program, bool is_conditional, const Conditions& conditions,
            const DiagramSession& session)
      : program_(program),
        is_conditional_(is_conditional),
        session_(session),
        conditions_(conditions),
        waits_for_(program.nodes.size()) {
    for (std::size_t i = 0; i < conditions_.codes.size(); ++i) {
      for (const int variable : conditions_.codes[i].variables) {
        code_of_variable_.resize(std::max(code_of_variable_.size(), static_cast<std::size_t>(variable) + 1));
        code_of_variable_[static_cast<std::size_t>(variable)] = i;
      }
    }
    uses_.needs.resize(program.nodes.size());
  }

  Uses find() {
    const Needs needs = find_needs(program_, conditions_, session_, [&](graph::NodeId node, const Predicate& needed) {
      return settle_need(node, needed);
    });
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
      const graph::Node& node = program_.nodes[i];
      uses_.never_executes.push_back(conditions_.executes[i].is_never());
      if (node.fixed_action || uses_.never_executes[i]) uses_.needs[i].when = Need::When::never;
    }
    for (std::size_t i = 0; i < program_.edges.size(); ++i) {
      const Predicate& executes = conditions_.executes[program_.edges[i].source.index];
      uses_.value_is_read.push_back(!(needs.taken[i] & executes).is_never());
      uses_.default_is_read.push_back(!(needs.taken[i] & !executes).is_never());
    }
    find_exclusive(needs);
    return std::move(uses_);
  }

 private:
  Predicate settle_need(graph::NodeId id, const Predicate& needed) {
    const Predicate& executes = conditions_.executes[id.index];
    Need& need = uses_.needs[id.index];
    if (needed.is_never()) {
      need.when = Need::When::never;
      return needed;
    }
    if (!is_conditional_ || needed == executes) return executes;

    const std::vector<int> hidden = undecided_variables(id);
    const Predicate asked = session_.exists(needed, hidden);
    const Predicate possible = session_.exists(executes, hidden);
    if (asked == possible) return executes;
    const Predicate test = asked.simplified(possible);
    StepBuilder builder(conditions_.codes, code_of_variable_);
    if (test.is_always() || !builder.build(test)) return executes;
    need.when = Need::When::depends;
    need.steps = builder.take();
    for (const DecisionStep& step : need.steps) waits_for_[step.control.index].push_back(id);
    return executes & test;
  }

  /// Variables of the control nodes that may not decide before this node is computed: those behind it, and all later in
  /// the topological order than the first of these. Control nodes decide in that order, whatever waits.
  std::vector<int> undecided_variables(graph::NodeId id) const {
    std::vector<bool> is_behind(program_.nodes.size());
    std::vector<graph::NodeId> open{id};
    const auto visit = [&](graph::NodeId next) {
      if (is_behind[next.index]) return;
      is_behind[next.index] = true;
      open.push_back(next);
    };
    while (!open.empty()) {
      const graph::NodeId node = open.back();
      open.pop_back();
      for (const graph::EdgeId edge : program_[node].outgoing) visit(program_[edge].target);
      for (const graph::Action& action : program_[node].actions) {
        for (const graph::NodeId target : action.targets) visit(target);
      }
      for (const graph::NodeId waiting : waits_for_[node.index]) visit(waiting);
    }
    std::vector<int> variables;
    bool is_later = false;
    for (const ControlCode& code : conditions_.codes) {
      is_later = is_later || is_behind[code.control.index];
      if (!is_later) continue;
      variables.insert(variables.end(), code.variables.begin(), code.variables.end());
    }
    return variables;
  }

  void find_exclusive(const Needs& needs) {
    uses_.is_exclusive.assign(program_.edges.size(), false);
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
      for (const graph::NodeInput& input : program_.nodes[i].inputs) {
        Predicate any = session_.never();
        bool is_exclusive = true;
        for (const graph::EdgeId edge : input.edges) {
          const Predicate executes = conditions_.executes[program_[edge].source.index] & needs.computed[i];
          is_exclusive = is_exclusive && (any & executes).is_never();
          if (!is_exclusive) break;
          any = any | executes;
        }
        for (const graph::EdgeId edge : input.edges) uses_.is_exclusive[edge.index] = is_exclusive;
      }
    }
  }

  const graph::Program& program_;
  bool is_conditional_;
  const DiagramSession& session_;
  const Conditions& conditions_;
  std::vector<std::size_t> code_of_variable_;
  std::vector<std::vector<graph::NodeId>> waits_for_;  // by NodeId::index of a control node: nodes that test it
  Uses uses_;
};

}  // namespace

Uses uses_of(const graph::Program& program, bool is_conditional, const Conditions& conditions,
             const DiagramSession& session) {
  return UseFinder(program, is_conditional, conditions, session).find();
}

Uses find_uses(const graph::Program& program, bool is_conditional) {
  try {
    const DiagramSession session(count_variables(program), node_limit);
    return uses_of(program, is_conditional, make_conditions(program, session), session);
  } catch (const DiagramError& error) {
    Uses uses;
    uses.gave_up = error.what();
    uses.never_executes.assign(program.nodes.size(), false);
    uses.needs.resize(program.nodes.size());
    uses.value_is_read.assign(program.edges.size(), true);
    uses.default_is_read.assign(program.edges.size(), true);
    uses.is_exclusive.assign(program.edges.size(), false);
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
      if (program.nodes[i].fixed_action) uses.needs[i].when = Need::When::never;
    }
    return uses;
  }
}

}  // namespace d2nn::paths
