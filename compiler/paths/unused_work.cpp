// Hints on work that nothing needs. What a control edge would change is not guessed: the program is analysed again with
// the edge in place, over the same variables, and compared.
#include <algorithm>
#include <optional>

#include "paths/needs.h"
#include "paths/uses.h"

namespace d2nn::paths {
namespace {

constexpr int node_limit = 500'000;

class UnusedWorkFinder {
 public:
  UnusedWorkFinder(const graph::Program& program, const DiagramSession& session)
      : program_(program),
        session_(session),
        conditions_(make_conditions(program, session)),
        activating_(graph::activations(program)) {
    for (const ControlCode& code : conditions_.codes) variable_order_.push_back(code.control);
  }

  std::vector<UnusedWork> find(std::size_t limit) {
    const Needs needs =
        find_needs(program_, conditions_, session_, [](graph::NodeId, const Predicate& needed) { return needed; });
    std::vector<UnusedWork> found;
    std::vector<bool> is_covered(program_.nodes.size(), false);
    for (const graph::NodeId id : program_.topological_order) {
      if (found.size() == limit) break;
      const graph::Node& node = program_[id];
      // A node that an action activates already would execute more often with a further edge, not less.
      if (node.kind != graph::NodeKind::regular || !activating_[id.index].empty() || is_covered[id.index]) continue;
      const Predicate& executes = conditions_.executes[id.index];
      const Predicate& needed = needs.computed[id.index];
      if (needed == executes || needed.is_never()) continue;
      for (const ControlCode& code : conditions_.codes) {
        std::optional<UnusedWork> hint = hint_for(id, code, executes, needed);
        if (hint && proves(*hint, is_covered)) {
          found.push_back(std::move(*hint));
          break;
        }
      }
    }
    return found;
  }

 private:
  /// The edge from this control node, when every path that needs the node executes it and takes one of some actions.
  std::optional<UnusedWork> hint_for(graph::NodeId id, const ControlCode& code, const Predicate& executes,
                                     const Predicate& needed) const {
    if (!(needed & !conditions_.executes[code.control.index]).is_never()) return std::nullopt;
    UnusedWork hint;
    hint.node = id;
    hint.control = code.control;
    for (std::uint32_t action = 0; action < code.action_count; ++action) {
      const Predicate taken = conditions_.executes[code.control.index] & spells(code, action, session_);
      const bool is_needed = !(needed & taken).is_never();
      if (!is_needed && (executes & taken).is_never()) continue;  // no path runs both: nothing to say about it
      (is_needed ? hint.needed : hint.unneeded).push_back(action);
    }
    if (hint.unneeded.empty() || is_behind(code.control, id)) return std::nullopt;
    return hint;
  }

  bool is_behind(graph::NodeId control, graph::NodeId node) const {
    std::vector<bool> behind(program_.nodes.size());
    behind[node.index] = true;
    for (const graph::NodeId id : program_.topological_order) {
      if (!behind[id.index]) continue;
      for (const graph::EdgeId edge : program_[id].outgoing) behind[program_[edge].target.index] = true;
      for (const graph::Action& action : program_[id].actions) {
        for (const graph::NodeId target : action.targets) behind[target.index] = true;
      }
    }
    return behind[control.index];
  }

  /// Analyses the program with the edge, and fills in what it saves.
  bool proves(UnusedWork& hint, std::vector<bool>& is_covered) const {
    graph::Program changed = program_;
    for (const std::uint32_t action : hint.needed) changed[hint.control].actions[action].targets.push_back(hint.node);
    // The control node is not behind the node; both may still stand in another order than the edge needs.
    if (!order_again(changed)) return false;
    const Conditions after = make_conditions(changed, session_, variable_order_);
    Predicate spared = session_.never();
    for (const std::uint32_t action : hint.unneeded) spared = spared | taken(hint.control, action);
    spared = spared & conditions_.executes[hint.node.index];
    std::vector<graph::NodeId> skipped;
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
      const graph::NodeId id{static_cast<std::uint32_t>(i)};
      const graph::NodeKind kind = program_.nodes[i].kind;
      const Predicate lost = conditions_.executes[i] & !after.executes[i];
      const Predicate won = after.executes[i] & !conditions_.executes[i];
      if (!won.is_never()) return false;
      if (lost.is_never()) continue;
      if (kind != graph::NodeKind::regular && kind != graph::NodeKind::dummy) return false;
      if ((spared & !lost).is_never()) {
        hint.saved += program_.nodes[i].cost;
        skipped.push_back(id);
      } else if (program_.nodes[i].cost > 0) {
        hint.saves_more = true;
      }
    }
    if (hint.saved == 0) return false;
    for (const graph::NodeId id : skipped) is_covered[id.index] = true;
    return true;
  }

  Predicate taken(graph::NodeId control, std::uint32_t action) const {
    for (const ControlCode& code : conditions_.codes) {
      if (code.control == control) return conditions_.executes[control.index] & spells(code, action, session_);
    }
    return session_.never();
  }

  /// A topological order for changed edges; false when they form a cycle.
  static bool order_again(graph::Program& program) {
    std::vector<std::uint32_t> waiting(program.nodes.size(), 0);
    const auto each_target = [&](graph::NodeId id, auto visit) {
      for (const graph::EdgeId edge : program[id].outgoing) visit(program[edge].target);
      for (const graph::Action& action : program[id].actions) {
        for (const graph::NodeId target : action.targets) visit(target);
      }
    };
    for (const graph::NodeId id : program.topological_order)
      each_target(id, [&](graph::NodeId to) { ++waiting[to.index]; });
    std::vector<graph::NodeId> order;
    for (const graph::NodeId id : program.topological_order) {
      if (waiting[id.index] == 0) order.push_back(id);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      each_target(order[i], [&](graph::NodeId to) {
        if (--waiting[to.index] == 0) order.push_back(to);
      });
    }
    if (order.size() != program.topological_order.size()) return false;
    program.topological_order = std::move(order);
    return true;
  }

  const graph::Program& program_;
  const DiagramSession& session_;
  Conditions conditions_;
  std::vector<graph::NodeId> variable_order_;
  std::vector<std::vector<graph::Activation>> activating_;
};

}  // namespace

std::vector<UnusedWork> find_unused_work(const graph::Program& program, std::size_t limit) {
  try {
    const DiagramSession session(count_variables(program), node_limit);
    return UnusedWorkFinder(program, session).find(limit);
  } catch (const DiagramError&) {
    return {};  // nothing is proved, so nothing is said
  }
}

}  // namespace d2nn::paths
