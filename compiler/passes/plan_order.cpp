#include <algorithm>
#include <stdexcept>

#include "passes/rewrite.h"

namespace d2nn::passes {

namespace {

using graph::NodeId;
using graph::NodeKind;
using paths::Need;

/// An entry for a node before nodes have positions in the plan. One that does neither keeps the place of a node that
/// never executes.
struct NodeEntry {
  graph::NodeId node;
  bool settles = true;
  bool computes = true;
};

class ScheduleOrder {
 public:
  ScheduleOrder(const graph::Program& program, const Plan& plan)
      : program_(program),
        plan_(plan),
        activated_by_(graph::activations(program)),
        is_settled_(program.nodes.size(), false),
        is_ready_(program.nodes.size(), false) {}

  std::vector<NodeEntry> order() {
    // Each round takes what has become possible; needs are such that control nodes decide in topological order.
    std::vector<NodeId> open = program_.topological_order;
    while (!open.empty()) {
      std::vector<NodeId> later;
      for (const NodeId id : open) {
        if (is_settled_[id.index]) continue;
        if (!can_settle(id)) {
          later.push_back(id);
          continue;
        }
        settle(id);
        if (program_[id].kind == NodeKind::control) take_branches(id);
      }
      if (later.size() == open.size()) throw std::logic_error("the entries of a schedule wait for each other");
      open = std::move(later);
    }
    return std::move(entries_);
  }

 private:
  bool has_entry(NodeId id) const {
    const NodeKind kind = program_[id].kind;
    return kind == NodeKind::regular || kind == NodeKind::control ||
           (kind == NodeKind::dummy && !plan_.conditions[id.index].is_always());
  }

  /// All sources of its edges are marked.
  bool has_inputs(NodeId id, const std::vector<bool>& marked) const {
    const graph::Node& node = program_[id];
    return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const graph::NodeInput& input) {
      return std::all_of(input.edges.begin(), input.edges.end(),
                         [&](graph::EdgeId edge) { return marked[program_[edge].source.index]; });
    });
  }

  /// A control node decides in the entry that settles it.
  bool can_settle(NodeId id) const {
    return has_inputs(id, program_[id].kind == NodeKind::control ? is_ready_ : is_settled_) &&
           std::all_of(activated_by_[id.index].begin(), activated_by_[id.index].end(),
                       [&](const graph::Activation& by) { return is_settled_[by.control.index]; });
  }

  bool can_compute(NodeId id) const { return has_inputs(id, is_ready_) && has_decided(plan_.needs[id.index]); }

  bool has_decided(const Need& need) const {
    return std::all_of(need.steps.begin(), need.steps.end(),
                       [&](const paths::DecisionStep& step) { return is_ready_[step.control.index]; });
  }

  void settle(NodeId id) {
    const bool is_computed = plan_.needs[id.index].when != Need::When::never && program_[id].kind != NodeKind::dummy;
    const bool waits = is_computed && !can_compute(id);
    is_settled_[id.index] = true;
    is_ready_[id.index] = !waits;
    if (waits) waiting_.push_back(id);
    if (has_entry(id)) entries_.push_back({id, !plan_.never_executes[id.index], is_computed && !waits});
  }

  /// Behind a decision: first what waited for it, then the nodes it activates.
  void take_branches(NodeId control) {
    compute_waiting();
    for (const graph::Action& action : program_[control].actions) {
      for (const NodeId target : action.targets) {
        if (is_settled_[target.index] || !has_entry(target) || activated_by_[target.index].size() != 1) continue;
        if (can_settle(target)) settle(target);
      }
    }
  }

  void compute_waiting() {
    for (std::size_t i = 0; i < waiting_.size();) {
      const NodeId id = waiting_[i];
      if (!can_compute(id)) {
        ++i;
        continue;
      }
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
      is_ready_[id.index] = true;
      if (has_entry(id)) entries_.push_back({id, false, true});
      i = 0;  // another may have waited for this one
    }
  }

  const graph::Program& program_;
  const Plan& plan_;
  std::vector<std::vector<graph::Activation>> activated_by_;
  std::vector<bool> is_settled_;  // by NodeId::index
  std::vector<bool> is_ready_;    // by NodeId::index: settled, and computed unless it never is
  std::vector<NodeId> waiting_;
  std::vector<NodeEntry> entries_;
};

}  // namespace

void order_schedule(const graph::Program& program, Plan& plan) {
  const std::vector<NodeEntry> order = ScheduleOrder(program, plan).order();
  std::vector<NodePlan> known(program.nodes.size());
  for (NodePlan& node : plan.nodes) known[node.node.index] = std::move(node);
  plan.nodes.clear();
  plan.schedule.clear();
  std::vector<std::uint32_t> position(program.nodes.size());
  for (const NodeEntry& entry : order) {
    if (!entry.settles && entry.computes) continue;
    position[entry.node.index] = static_cast<std::uint32_t>(plan.nodes.size());
    NodePlan& node = plan.nodes.emplace_back(std::move(known[entry.node.index]));
    node.node = entry.node;
    if (plan.needs[entry.node.index].when == Need::When::never) node.joins.clear(), node.steps.clear();
  }
  for (const NodeEntry& entry : order) {
    if (entry.settles || entry.computes)
      plan.schedule.push_back({position[entry.node.index], entry.settles, entry.computes});
  }
}

}  // namespace d2nn::passes
