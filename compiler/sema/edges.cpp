// Statements of edges to Program edges and actions. Every mistake leaves its edge out and is remembered
// (Draft::has_all_edges), so that rules about missing edges do not report it again.
#include "sema/edges.h"

#include <map>

#include "diag/spelling.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

using graph::EdgeId;
using graph::NodeId;
using graph::NodeKind;

/// `A, B -> C, D` declares their product: a short text could ask for more edges than memory holds.
constexpr std::size_t max_edges = std::size_t{1} << 18;

/// An end of an edge that was found.
struct End {
  NodeId node;
  std::uint32_t input = 0;
  SourceRange range;
};

class Connector {
 public:
  Connector(Draft& draft, diag::Sink& sink) : draft_(draft), sink_(sink) {}

  void connect(const ast::DataEdges& statement, const ConstantScope& scope) {
    scope_ = &scope;
    std::optional<TensorLiteral> literal;
    if (statement.fallback && std::holds_alternative<ast::PipelineExpr>(statement.fallback->value)) {
      Report(code("E0205"), statement.fallback->range, "a default value ends its statement, but `->` goes on behind it")
          .advise("write the edges that follow as a statement of their own")
          .to(sink_);
      draft_.has_all_edges = false;
    } else if (statement.fallback) {
      literal = Evaluator(*scope_, sink_).evaluate_tensor(*statement.fallback, "the default value");
    }
    std::vector<End> sources = resolve_all(statement.hops.front(), false);
    for (std::size_t hop = 1; hop < statement.hops.size(); ++hop) {
      const bool is_last = hop + 1 == statement.hops.size();
      const SourceRange arrow = statement.arrows[hop - 1];
      const std::vector<End> targets = resolve_all(statement.hops[hop], true);
      for (const End& source : sources) {
        for (const End& target : targets) {
          EdgeFacts facts{source.range, target.range, arrow, nullptr, std::nullopt};
          if (is_last && statement.fallback) {
            facts.fallback = statement.fallback.get();
            facts.literal = literal;
          }
          if (!add_edge(source, target, std::move(facts), statement, hop)) return;
        }
      }
      sources = is_last ? std::vector<End>{} : resolve_all(statement.hops[hop], false, true);
    }
  }

  void connect(const ast::ControlEdges& statement, const ConstantScope& scope) {
    scope_ = &scope;
    const std::vector<NodeId> sources = resolve(statement.source);
    if (!sources.empty() && statement.source.input) {
      refuse_input(statement.source, "a control edge leaves the node as a whole");
    }
    for (const ast::Action& action : statement.actions) {
      const ActionTargets targets = resolve_targets(action);
      const std::optional<std::string> name = action_name(action);
      for (NodeId source : sources) {
        if (name) {
          add_action(source, *name, statement, action, targets);
        } else {
          draft_[source].has_action_errors = true;
        }
      }
    }
  }

 private:
  struct ActionTargets {
    std::vector<NodeId> nodes;
    std::vector<SourceRange> ranges;
    bool is_complete = true;
  };

  ActionTargets resolve_targets(const ast::Action& action) {
    ActionTargets targets;
    std::map<NodeId, SourceRange> seen;
    for (const ast::Endpoint& endpoint : action.targets) {
      const std::vector<NodeId> nodes = resolve(endpoint);
      targets.is_complete = targets.is_complete && is_known(endpoint);
      for (NodeId target : nodes) {
        if (!can_be_skipped(target, endpoint, action)) {
          targets.is_complete = false;
          continue;
        }
        const auto [first, is_new] = seen.emplace(target, endpoint.range);
        if (!is_new) {
          Report(code("E0508"), endpoint.range,
                 "the action " + quoted(action.name.text) + " names " + quoted(draft_.node(target).name) + " twice")
              .note(first->second, "it stands here already")
              .to(sink_);
          continue;
        }
        targets.nodes.push_back(target);
        targets.ranges.push_back(endpoint.range);
      }
    }
    return targets;
  }

  /// False for an endpoint that resolve() reported.
  bool is_known(const ast::Endpoint& endpoint) const {
    const auto found = draft_.names.find(endpoint.name.text);
    if (found == draft_.names.end()) return false;
    return found->second.is_family() ? !endpoint.index || index_of(endpoint, found->second)
                                     : found->second.node && !endpoint.index;
  }

  /// The member that the index names, evaluated in silence.
  std::optional<NodeId> index_of(const ast::Endpoint& endpoint, const Declared& family) const {
    diag::Sink silence;
    const auto index = Evaluator(*scope_, silence).evaluate_as(*endpoint.index, ValueType::integer, "an index");
    if (!index) return std::nullopt;
    const auto member = family.members.find(std::get<std::int64_t>(*index));
    return member != family.members.end() ? std::optional(member->second) : std::nullopt;
  }

  /// The nodes that an endpoint names: one, or the members of a family in order; nothing after an error.
  std::vector<NodeId> resolve(const ast::Endpoint& endpoint) {
    const auto found = draft_.names.find(endpoint.name.text);
    if (found == draft_.names.end()) {
      report_unknown(endpoint);
    } else if (found->second.kind == "parameter" && !found->second.is_doubled) {
      Report(code("E0205"), endpoint.name.range,
             quoted(endpoint.name.text) + " is a parameter, but an edge joins nodes")
          .note(found->second.range, quoted(endpoint.name.text) + " is declared here")
          .to(sink_);
    } else if (found->second.is_family()) {
      return resolve_family(endpoint, found->second);
    } else if (found->second.node && endpoint.index) {
      Report(code("E0218"), endpoint.range, quoted(endpoint.name.text) + " is no family, so it has no index")
          .note(found->second.range, quoted(endpoint.name.text) + " is declared here")
          .replace(endpoint.range, endpoint.name.text, "write " + quoted(endpoint.name.text))
          .to(sink_);
    } else if (found->second.node) {
      return {*found->second.node};
    }
    draft_.has_all_edges = false;
    return {};
  }

  void report_unknown(const ast::Endpoint& endpoint) {
    std::vector<std::string_view> candidates;
    for (const auto& [name, declared] : draft_.names) {
      if (declared.node || declared.is_family()) candidates.push_back(name);
    }
    Report report(code("E0201"), endpoint.name.range, "no node is named " + quoted(endpoint.name.text));
    if (const auto left_out = draft_.left_out.find(endpoint.name.text); left_out != draft_.left_out.end()) {
      report.note(left_out->second, "it is declared here, in a branch of `if` that is not taken");
      report.advise("put what names it into the same branch");
    } else if (endpoint.name.text == "none") {
      report.advise("an action that runs nothing is written `name: none`, without braces");
    } else {
      report.did_you_mean(endpoint.name.range, diag::closest(endpoint.name.text, candidates));
    }
    report.to(sink_);
  }

  std::vector<NodeId> resolve_family(const ast::Endpoint& endpoint, const Declared& family) {
    std::vector<NodeId> members;
    if (!endpoint.index) {
      for (const auto& [index, member] : family.members) members.push_back(member);
      return members;
    }
    const auto value = Evaluator(*scope_, sink_).evaluate_as(*endpoint.index, ValueType::integer, "an index");
    if (value) {
      const auto member = family.members.find(std::get<std::int64_t>(*value));
      if (member != family.members.end()) return {member->second};
      const std::string name = endpoint.name.text + "[" + to_text(*value) + "]";
      Report(code("E0218"), endpoint.range, "there is no " + quoted(name) + ": " + extent_of(endpoint, family))
          .note(family.range, quoted(endpoint.name.text) + " is declared here")
          .to(sink_);
    }
    draft_.has_all_edges = false;
    return {};
  }

  /// "the indices of `leaf` are 0 to 4".
  static std::string extent_of(const ast::Endpoint& endpoint, const Declared& family) {
    const std::string subject = quoted(endpoint.name.text);
    if (family.members.empty()) return subject + " has no members";
    const std::int64_t first = family.members.begin()->first;
    const std::int64_t last = family.members.rbegin()->first;
    if (first == last) return "the only index of " + subject + " is " + std::to_string(first);
    const bool is_dense = last - first + 1 == static_cast<std::int64_t>(family.members.size());
    return "the indices of " + subject + (is_dense ? " are " : " lie among ") + std::to_string(first) + " to " +
           std::to_string(last);
  }

  /// The ends of one hop, each once. `is_again`: the hop was resolved before and its mistakes are known.
  std::vector<End> resolve_all(const std::vector<ast::Endpoint>& endpoints, bool is_target, bool is_again = false) {
    std::vector<End> ends;
    std::map<std::pair<NodeId, std::uint32_t>, SourceRange> seen;
    for (const ast::Endpoint& endpoint : endpoints) {
      if (is_again && !is_known(endpoint)) continue;
      for (NodeId node : resolve(endpoint)) {
        const bool passes = is_target ? can_end(node, endpoint) : can_begin(node, endpoint, is_again);
        const std::optional<std::uint32_t> input = passes && is_target ? input_of(node, endpoint) : 0;
        if (!passes || !input) {
          draft_.has_all_edges = false;
          continue;
        }
        const auto [first, is_new] = seen.emplace(std::make_pair(node, *input), endpoint.range);
        if (is_new) {
          ends.push_back({node, *input, endpoint.range});
        } else if (!is_again) {
          Report(code("E0403"), endpoint.range, quoted(draft_.node(node).name) + " stands twice in one list")
              .note(first->second, "it stands here already")
              .advise("remove one of them")
              .to(sink_);
        }
      }
    }
    return ends;
  }

  bool can_begin(NodeId id, const ast::Endpoint& endpoint, bool is_again) {
    const graph::Node& node = draft_.node(id);
    if (node.kind == NodeKind::output) {
      Report(code("E0402"), endpoint.range, quoted(node.name) + " is an output, and no edge leaves one")
          .note(node.range, quoted(node.name) + " is declared here")
          .to(sink_);
      return false;
    }
    if (endpoint.input && !is_again) {
      refuse_input(endpoint, "an edge leaves the node as a whole");
      return false;
    }
    return true;
  }

  bool can_end(NodeId id, const ast::Endpoint& endpoint) {
    const graph::Node& node = draft_.node(id);
    if (node.kind != NodeKind::input && node.kind != NodeKind::dummy) return true;
    const bool is_input = node.kind == NodeKind::input;
    Report(code("E0402"), endpoint.range,
           quoted(node.name) +
               (is_input ? " is an input, and no edge leads to one" : " is a dummy, and no data edge leads to one"))
        .note(node.range, quoted(node.name) + " is declared here")
        .to(sink_);
    return false;
  }

  void refuse_input(const ast::Endpoint& endpoint, const std::string& why) {
    Report(code("E0408"), endpoint.input->range,
           quoted(endpoint.name.text + "." + endpoint.input->text) + " names an input, but " + why)
        .replace(input_part(endpoint), "", "leave the input out")
        .to(sink_);
  }

  /// ".left" of "N.left".
  static SourceRange input_part(const ast::Endpoint& endpoint) {
    const SourceRange input = endpoint.input->range;
    return {input.file, endpoint.index ? input.begin - 1 : endpoint.name.range.end, input.end};
  }

  /// Which input of the target the endpoint names.
  std::optional<std::uint32_t> input_of(NodeId id, const ast::Endpoint& endpoint) {
    const graph::Node& node = draft_.node(id);
    const bool has_names = !node.inputs[0].name.empty();
    if (!has_names && !endpoint.input) return 0;
    if (!has_names) {
      Report(code("E0408"), endpoint.input->range, "the inputs of " + quoted(node.name) + " have no names")
          .note(node.range, quoted(node.name) + " is declared here")
          .replace(input_part(endpoint), "", "leave the input out")
          .to(sink_);
      return std::nullopt;
    }
    std::vector<std::string_view> names;
    std::string list;
    for (std::uint32_t i = 0; i < node.inputs.size(); ++i) {
      if (endpoint.input && node.inputs[i].name == endpoint.input->text) return i;
      names.push_back(node.inputs[i].name);
      list += (i == 0 ? "" : ", ") + quoted(node.inputs[i].name);
    }
    if (endpoint.input) {
      Report(code("E0408"), endpoint.input->range,
             quoted(node.name) + " has no input " + quoted(endpoint.input->text) + "; it has " + list)
          .note(node.range, quoted(node.name) + " is declared here")
          .did_you_mean(endpoint.input->range, diag::closest(endpoint.input->text, names))
          .to(sink_);
    } else {
      Report(code("E0408"), endpoint.range, "the edge does not say which input of " + quoted(node.name) + " it feeds")
          .note(node.range, quoted(node.name) + " has the inputs " + list)
          .advise("write " + quoted(node.name + "." + node.inputs[0].name))
          .to(sink_);
    }
    return std::nullopt;
  }

  /// False when there are too many edges to go on.
  bool add_edge(const End& source, const End& target, EdgeFacts facts, const ast::DataEdges& statement,
                std::size_t hop) {
    const auto [first, is_new] = edge_of_.emplace(std::make_tuple(source.node, target.node, target.input), next_edge());
    if (!is_new) {
      Report(code("E0403"), facts.target, draft_.edge_text(first->second) + " is a second edge between the two")
          .note(draft_[first->second].target, "the first is declared here")
          .advise("remove one of them")
          .to(sink_);
      return true;
    }
    if (draft_.program.edges.size() == max_edges) {
      if (!has_too_many_) {
        Report(code("E0308"), statement.range, "the network has more than " + std::to_string(max_edges) + " edges")
            .to(sink_);
      }
      has_too_many_ = true;
      draft_.has_all_edges = false;
      return false;
    }
    const bool touches_left = facts.source == statement.hops[hop - 1].back().range;
    const bool touches_right = facts.target == statement.hops[hop].front().range;
    graph::Edge edge{source.node, target.node, target.input, std::nullopt, facts.arrow};
    if (touches_left) edge.range = source::cover(facts.source, edge.range);
    if (touches_right) edge.range = source::cover(edge.range, facts.target);
    if (facts.literal) edge.fallback = facts.literal->values;
    draft_.node(source.node).outgoing.push_back(next_edge());
    draft_.node(target.node).inputs[target.input].edges.push_back(next_edge());
    draft_.program.edges.push_back(std::move(edge));
    draft_.edges.push_back(std::move(facts));
    return true;
  }

  EdgeId next_edge() const { return {static_cast<std::uint32_t>(draft_.program.edges.size())}; }

  bool can_be_skipped(NodeId id, const ast::Endpoint& endpoint, const ast::Action& action) {
    const graph::Node& node = draft_.node(id);
    if (endpoint.input) {
      refuse_input(endpoint, "an action runs the node as a whole");
      return false;
    }
    if (node.kind == NodeKind::input || node.kind == NodeKind::output) {
      Report(code("E0503"), endpoint.range,
             "the action " + quoted(action.name.text) + " targets the " + kind_text(node.kind) + " " +
                 quoted(node.name) + ", but only nodes and dummies can be skipped")
          .note(node.range, quoted(node.name) + " is declared here")
          .to(sink_);
      return false;
    }
    return true;
  }

  /// "high", or "pick[2]" of a family; nothing after an error.
  std::optional<std::string> action_name(const ast::Action& action) {
    if (!action.index) return action.name.text;
    const auto index = Evaluator(*scope_, sink_).evaluate_as(*action.index, ValueType::integer, "an index");
    if (!index) return std::nullopt;
    if (std::get<std::int64_t>(*index) >= 0) return action.name.text + "[" + to_text(*index) + "]";
    Report(code("E0218"), action.index->range,
           "the index of " + quoted(action.name.text) + " is " + to_text(*index) + ", but indices begin at 0")
        .to(sink_);
    return std::nullopt;
  }

  void add_action(NodeId source, const std::string& name, const ast::ControlEdges& statement, const ast::Action& action,
                  const ActionTargets& targets) {
    graph::Node& node = draft_.node(source);
    NodeFacts& facts = draft_[source];
    if (!targets.is_complete) facts.has_action_errors = true;
    const auto [first, is_new] = actions_.emplace(std::make_pair(source, name), action.name.range);
    if (!is_new) {
      Report report(code("E0506"), action.name.range,
                    "the action " + quoted(name) + " of " + quoted(node.name) + " is declared twice");
      first->second == action.name.range
          ? report.advise("it stands in a loop: give it an index, as in `" + action.name.text + "[i]`")
          : report.note(first->second, "first declared here");
      report.to(sink_);
      facts.has_action_errors = true;
      return;
    }
    if (facts.control_edges.end == 0) facts.control_edges = statement.source.range;
    node.actions.push_back({name, targets.nodes, action.range});
    facts.action_targets.push_back(targets.ranges);
  }

  Draft& draft_;
  diag::Sink& sink_;
  const ConstantScope* scope_ = nullptr;  // of the statement at hand
  std::map<std::tuple<NodeId, NodeId, std::uint32_t>, EdgeId> edge_of_;
  std::map<std::pair<NodeId, std::string>, SourceRange> actions_;
  bool has_too_many_ = false;
};

}  // namespace

void connect_edges(Draft& draft, diag::Sink& sink) {
  Connector connector(draft, sink);
  for (const Item& item : draft.items) {
    if (const auto* data = std::get_if<ast::DataEdges>(item.item)) connector.connect(*data, *item.scope);
    if (const auto* control = std::get_if<ast::ControlEdges>(item.item)) connector.connect(*control, *item.scope);
  }
}

}  // namespace d2nn::sema
