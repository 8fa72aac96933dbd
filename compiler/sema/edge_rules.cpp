// One function per restriction of docs/language.md, "Rules".
#include "sema/edge_rules.h"

#include <algorithm>

#include "sema/order.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

using graph::EdgeId;
using graph::Join;
using graph::Node;
using graph::NodeId;
using graph::NodeKind;

class EdgeRules {
 public:
  EdgeRules(Draft& draft, diag::Sink& sink) : draft_(draft), sink_(sink) {}

  void run() {
    const bool has_output = !nodes_of(draft_.program, NodeKind::output).empty();
    if (!has_output && draft_.has_all_edges) {
      Report(code("E0409"), draft_.network.name.range,
             "the network " + quoted(draft_.network.name.text) + " has no output")
          .advise("declare one, as in `output scores: f32[10];`")
          .to(sink_);
    }
    for (std::uint32_t i = 0; i < draft_.nodes.size(); ++i) {
      const NodeId id{i};
      check_targets(id);
      if (draft_.node(id).kind == NodeKind::control) {
        check_control(id);
      } else {
        check_no_actions(id);
      }
      for (std::uint32_t input = 0; input < draft_.node(id).inputs.size(); ++input) check_input(id, input);
      if (has_output) check_leads_somewhere(id);
    }
    check_order();
  }

 private:
  void silence(NodeId id) { draft_[id].is_silenced = true; }

  SourceRange first_data_edge(const Node& node) const { return draft_.edges[node.outgoing.front().index].source; }

  /// A target of an action must not choose itself.
  void check_targets(NodeId id) {
    const Node& node = draft_.node(id);
    for (std::size_t a = 0; a < node.actions.size(); ++a) {
      for (std::size_t t = 0; t < node.actions[a].targets.size(); ++t) {
        const NodeId target = node.actions[a].targets[t];
        const Node& chosen = draft_.node(target);
        if (target == id || (chosen.kind != NodeKind::control && chosen.actions.empty())) continue;
        const SourceRange other = chosen.actions.empty() ? chosen.range : draft_[target].control_edges;
        Report(code("E0502"), draft_[id].action_targets[a][t],
               "the action " + quoted(node.actions[a].name) + " of " + quoted(node.name) + " targets " +
                   quoted(chosen.name) + ", which has control edges of its own")
            .note(other, quoted(chosen.name) +
                             (chosen.actions.empty() ? " is declared as a control node here" : " chooses here"))
            .about({draft_.family_of(id), graph::family_of(node.actions[a].name), draft_.family_of(target)})
            .advise("target what feeds it: a control node whose input is null is skipped")
            .to(sink_);
      }
    }
  }

  void check_control(NodeId id) {
    const Node& node = draft_.node(id);
    const NodeFacts& facts = draft_[id];
    if (!node.actions.empty() && !node.outgoing.empty()) {
      Report(code("E0501"), first_data_edge(node),
             "a data edge leaves " + quoted(node.name) + ", which has control edges")
          .about({draft_.family_of(id)})
          .note(facts.control_edges, "its control edges begin here")
          .advise("move the layers that both need into a node before " + quoted(node.name))
          .to(sink_);
      silence(id);
    } else if (node.actions.empty() && !node.outgoing.empty()) {
      if (!draft_.has_all_edges) return silence(id);
      Report(code("E0507"), node.range, quoted(node.name) + " is declared as a control node, but has no control edges")
          .about({draft_.family_of(id)})
          .note(first_data_edge(node), "a data edge leaves it here")
          .advise("declare it with `node`, or replace its data edges by `" + node.name + " ~> ...`")
          .to(sink_);
      silence(id);
    } else if (node.actions.size() < 2) {
      silence(id);  // its body cannot be held to a number of actions
      if (!draft_.has_all_edges || facts.has_action_errors) return;
      Report report(code("E0504"), node.range,
                    "the control node " + quoted(node.name) + " has " + counted(node.actions.size(), "action") +
                        ", but needs at least 2");
      report.about({draft_.family_of(id), counted(node.actions.size(), "action")});
      if (!node.actions.empty()) report.note(node.actions[0].range, "its only action is declared here");
      report.advise("add one, as in `" + node.name + " ~> skip: none`").to(sink_);
    }
  }

  void check_no_actions(NodeId id) {
    const Node& node = draft_.node(id);
    const SourceRange control_edges = draft_[id].control_edges;
    if (node.actions.empty()) return;
    silence(id);
    if (node.kind == NodeKind::regular && !node.outgoing.empty()) {
      Report(code("E0501"), control_edges, "control edges leave " + quoted(node.name) + ", which has data edges")
          .about({draft_.family_of(id)})
          .note(first_data_edge(node), "a data edge leaves it here")
          .advise("move the decision into a control node of its own")
          .to(sink_);
      return;
    }
    Report report(code("E0507"), control_edges,
                  "control edges leave the " + kind_text(node.kind) + " " + quoted(node.name) +
                      ", but only a control node has them");
    report.about({draft_.family_of(id)}).note(node.range, quoted(node.name) + " is declared here");
    if (node.kind == NodeKind::regular) report.advise("declare it with `control`");
    report.to(sink_);
  }

  void check_input(NodeId id, std::uint32_t index) {
    Node& node = draft_.node(id);
    graph::NodeInput& input = node.inputs[index];
    const InputFacts& declared = draft_[id].inputs[index];
    const std::string name = input.name.empty() ? quoted(node.name) : quoted(node.name + "." + input.name);
    if (input.edges.empty()) {
      if (!draft_.has_all_edges) return;
      Report(code("E0406"), declared.range, "no data edge feeds " + name)
          .about({draft_.family_of(id), input.name})
          .advise(node.kind == NodeKind::output || !input.name.empty()
                      ? "add an edge that ends in " + name
                      : "add an edge that ends in " + name + ", or declare a `dummy` if it is a constant")
          .to(sink_);
      return;
    }
    if (input.edges.size() == 1) return;
    input.join = declared.join;
    if (input.join != Join::none || declared.has_wrong_join) return;
    Report(code("E0404"), draft_[input.edges[1]].source,
           draft_.edge_text(input.edges[1]) + " is a second edge into " + name + ", which states no join")
        .about({draft_.family_of(input.edges[1])})
        .note(draft_[input.edges[0]].source, draft_.edge_text(input.edges[0]) + " is the first")
        .note(declared.range, name + " is declared here")
        .advise("add `join` and one of `sum`, `mean`, `max`, `concat`, `first`, `last` to the declaration")
        .to(sink_);
  }

  void check_leads_somewhere(NodeId id) {
    const Node& node = draft_.node(id);
    const bool is_end = node.kind == NodeKind::output || node.kind == NodeKind::control;
    if (is_end || !node.outgoing.empty() || !node.actions.empty() || !draft_.has_all_edges) return;
    Report(code("E0407"), node.range,
           "the " + kind_text(node.kind) + " " + quoted(node.name) + " leads to no output and no control node")
        .about({draft_.family_of(id)})
        .advise("remove it, or add an edge that begins with " + quoted(node.name))
        .to(sink_);
  }

  void check_order() {
    std::vector<std::vector<std::uint32_t>> successors(draft_.nodes.size());
    for (const graph::Edge& edge : draft_.program.edges) successors[edge.source.index].push_back(edge.target.index);
    for (std::uint32_t i = 0; i < draft_.nodes.size(); ++i) {
      for (const graph::Action& action : draft_.program.nodes[i].actions) {
        for (NodeId target : action.targets) successors[i].push_back(target.index);
      }
    }
    const Order order = topological_order(successors);
    for (std::uint32_t index : order.sorted) draft_.program.topological_order.push_back({index});
    for (const std::vector<std::uint32_t>& cycle : order.cycles) report_cycle(cycle);
  }

  /// One step of a cycle: where its target stands and its arrow.
  struct Step {
    SourceRange range;
    std::string arrow;
  };

  Step step(NodeId from, NodeId to) const {
    const Node& node = draft_.program[from];
    for (EdgeId id : node.outgoing) {
      if (draft_.program[id].target == to) return {draft_.edges[id.index].target, " -> "};
    }
    for (std::size_t a = 0; a < node.actions.size(); ++a) {
      const auto& targets = node.actions[a].targets;
      const auto found = std::find(targets.begin(), targets.end(), to);
      if (found == targets.end()) continue;
      const auto t = static_cast<std::size_t>(found - targets.begin());
      return {draft_.nodes[from.index].action_targets[a][t], " ~> "};
    }
    return {node.range, " -> "};
  }

  void report_cycle(const std::vector<std::uint32_t>& cycle) {
    constexpr std::size_t most_shown = 8;  // of a long cycle the beginning and the end
    const std::size_t size = cycle.size();
    std::string text = draft_.program.nodes[cycle[0]].name;
    std::string families = draft_.family_of(NodeId{cycle[0]});
    std::vector<std::pair<Step, std::string>> steps;
    for (std::size_t i = 0; i < size; ++i) {
      const NodeId from{cycle[i]};
      const NodeId to{cycle[(i + 1) % size]};
      if (size > most_shown && i == most_shown - 1) text += " -> ...";
      if (size > most_shown && i >= most_shown - 1 && i + 1 < size) continue;
      const Step hop = step(from, to);
      text += hop.arrow + draft_.node(to).name;
      families += hop.arrow + draft_.family_of(to);
      steps.emplace_back(hop, draft_.node(from).name + hop.arrow + draft_.node(to).name);
    }
    Report report(code("E0401"), steps.back().first.range, "the edges form a cycle: " + quoted(text));
    report.about({families});
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) report.note(steps[i].first.range, quoted(steps[i].second));
    report.to(sink_);
  }

  Draft& draft_;
  diag::Sink& sink_;
};

}  // namespace

void check_edge_rules(Draft& draft, diag::Sink& sink) {
  EdgeRules(draft, sink).run();
}

}  // namespace d2nn::sema
