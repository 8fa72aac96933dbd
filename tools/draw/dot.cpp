#include "draw/dot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <utility>

#include "draw/fold.h"
#include "graph/print.h"

namespace d2nn::draw {

namespace {

using graph::NodeId;
using graph::NodeKind;

/// A quoted string of DOT; the backslash and entities are taken literally.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : xml_escaped(text)) {
    if (c == '\n') {
      result += "\\n";
    } else {
      if (c == '\\') result += '\\';
      result += c;
    }
  }
  return result + "\"";
}

std::string fixed(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

/// White for nothing, the deepest blue for the node that costs the most; control nodes go to orange.
std::string fill(NodeKind kind, int shade_of_node) {
  char text[32];
  const double saturation = 0.46 * shade_of_node / deepest_shade;
  std::snprintf(text, sizeof text, "%.3f %.3f 1.000", kind == NodeKind::control ? 0.09 : 0.58, saturation);
  return text;
}

/// "leaf" of "leaf[2]" and "leaf[2][0]"; empty for a node of no family.
std::string family_of(const std::string& name) {
  const std::size_t bracket = name.find('[');
  return bracket == std::string::npos ? "" : name.substr(0, bracket);
}

class DotWriter {
 public:
  DotWriter(const Subject& subject, Purpose purpose)
      : subject_(subject),
        program_(subject.program),
        purpose_(purpose),
        shares_(cost_shares(subject)),
        rows_(fold_into_rows(subject.program)),
        steps_(steps(subject.program)),
        activations_(graph::activations(subject.program)) {
    for (const double share : shares_) largest_share_ = std::max(largest_share_, share);
    for (const std::uint32_t row : rows_) row_count_ = std::max(row_count_, row + 1);
  }

  std::string text() {
    out_ = "digraph " + quoted(program_.name) + " {\n";
    out_ +=
        "  rankdir=LR; nodesep=0.3; ranksep=0.45; bgcolor=" + std::string(is_page() ? "transparent" : "white") + ";\n";
    out_ += "  fontname=\"Helvetica\"; fontsize=11;\n";
    out_ +=
        "  node [fontname=\"Helvetica\", fontsize=11, style=filled, color=\"#303030\", fillcolor=white, "
        "penwidth=1.1];\n";
    out_ += "  edge [fontname=\"Helvetica\", fontsize=10, color=\"#303030\", arrowsize=0.7];\n";
    if (!is_page()) write_legend();
    collect_edges();
    // Graphviz puts what comes first at the bottom.
    for (std::uint32_t row = row_count_; row-- > 0;) write_row(row);
    for (const std::string& line : edges_) out_ += line;
    return out_ + "}\n";
  }

 private:
  bool is_page() const { return purpose_ == Purpose::page; }
  static std::string id(NodeId node) { return "n" + std::to_string(node.index); }

  double share_of(std::size_t count) const { return subject_.frequencies->share(count); }

  // ---- Nodes

  void write_row(std::uint32_t row) {
    std::string indent = "  ";
    if (row_count_ > 1) {
      out_ += "  subgraph cluster_row" + std::to_string(row) + " { style=invis; label=\"\";\n";
      indent += "  ";
    }
    std::map<std::pair<std::string, std::uint32_t>, std::vector<NodeId>> families;
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
      const std::string family = family_of(program_.nodes[i].name);
      if (rows_[i] == row && !family.empty()) families[{family, steps_[i]}].push_back({i});
    }
    for (const auto& connector : entries_[row]) out_ += indent + connector;
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
      if (rows_[i] != row) continue;
      const auto family = families.find({family_of(program_.nodes[i].name), steps_[i]});
      if (family == families.end() || family->second.size() < 2 || is_paired(family->second)) {
        out_ += indent + node_text({i});
      } else if (family->second.front() == NodeId{i}) {
        write_family(family->second, indent);
      }
    }
    for (const auto& connector : exits_[row]) out_ += indent + connector;
    if (row_count_ > 1) out_ += "  }\n";
  }

  /// True when members of the family belong to members of another one, as leaf[i] to gate[i]: frames would tear the
  /// pairs apart.
  bool is_paired(const std::vector<NodeId>& members) const {
    const auto is_other_member = [&](NodeId id_of_node) {
      return !family_of(program_[id_of_node].name).empty() &&
             std::find(members.begin(), members.end(), id_of_node) == members.end();
    };
    const auto belongs = [&](NodeId member) {
      const graph::Node& node = program_[member];
      for (const graph::NodeInput& input : node.inputs) {
        for (const graph::EdgeId edge : input.edges) {
          if (is_other_member(program_[edge].source)) return true;
        }
      }
      for (const graph::EdgeId edge : node.outgoing) {
        if (is_other_member(program_[edge].target)) return true;
      }
      for (const graph::Action& action : node.actions) {
        if (std::any_of(action.targets.begin(), action.targets.end(), is_other_member)) return true;
      }
      const auto& activations = activations_[member.index];
      return std::any_of(activations.begin(), activations.end(),
                         [&](const graph::Activation& activation) { return is_other_member(activation.control); });
    };
    return std::any_of(members.begin(), members.end(), belongs);
  }

  /// Members that stand side by side, in a frame.
  void write_family(const std::vector<NodeId>& members, const std::string& indent) {
    const std::string first = program_[members.front()].name;
    const std::string last = program_[members.back()].name;
    out_ += indent + "subgraph cluster_" + id(members.front()) + " { label=" + quoted(first + " … " + last) +
            "; fontsize=9; fontcolor=\"#707070\"; color=\"#b0b0b0\"; style=\"rounded,dashed\"; class=\"family\";\n";
    for (const NodeId member : members) out_ += indent + "  " + node_text(member);
    out_ += indent + "}\n";
  }

  std::string node_text(NodeId id_of_node) {
    const graph::Node& node = program_[id_of_node];
    return id(id_of_node) + " [id=" + id(id_of_node) + ", " + style(id_of_node) + ", label=<" + label(id_of_node) +
           ">, tooltip=" + quoted(tooltip(subject_, id_of_node)) + ", class=\"" +
           std::string(graph::spelling(node.kind)) + " shade" +
           std::to_string(shade(shares_[id_of_node.index], largest_share_)) + "\"];\n";
  }

  std::string style(NodeId id_of_node) const {
    const graph::Node& node = program_[id_of_node];
    const std::string colour =
        "fillcolor=\"" + fill(node.kind, shade(shares_[id_of_node.index], largest_share_)) + "\"";
    switch (node.kind) {
      case NodeKind::input:
      case NodeKind::output:
        return "shape=circle, margin=0.01, fillcolor=\"#eeeeee\"";
      case NodeKind::control:
        return "shape=diamond, margin=0.01, " + colour;
      case NodeKind::dummy:
        return "shape=box, style=\"filled,dotted\", margin=\"0.08,0.04\"";
      case NodeKind::regular:
        break;
    }
    return "shape=box, " + std::string(has_ports(node) ? "margin=0" : "margin=\"0.08,0.04\"") + ", " + colour;
  }

  /// Named inputs have places of their own at the left side of a rectangle.
  static bool has_ports(const graph::Node& node) {
    return node.kind == NodeKind::regular && !node.inputs.empty() && !node.inputs.front().name.empty();
  }

  /// The lines below the name.
  std::vector<std::string> lines(NodeId id_of_node) const {
    const graph::Node& node = program_[id_of_node];
    std::vector<std::string> result;
    if (node.kind == NodeKind::dummy) result.push_back("dummy " + values_text(node.dummy_value));
    if (node.kind != NodeKind::control) result.push_back(shape_text(node.shape));
    for (const graph::NodeInput& input : node.inputs) {
      if (input.join != graph::Join::none && !has_ports(node))
        result.push_back((input.name.empty() ? "" : input.name + " ") + "join " +
                         std::string(graph::spelling(input.join)));
    }
    if (node.cost > 0) {
      const std::string share = percent(shares_[id_of_node.index]);
      if (node.kind == NodeKind::control) {  // a diamond has little room for long lines
        result.push_back(short_count(node.cost));
        result.push_back(share);
      } else {
        result.push_back(short_count(node.cost) + " mult. · " + share);
      }
    }
    if (subject_.frequencies != nullptr && node.kind != NodeKind::input)
      result.push_back((node.kind == NodeKind::output ? "valid " : "runs ") +
                       percent(share_of(subject_.frequencies->nodes[id_of_node.index])));
    return result;
  }

  std::string label(NodeId id_of_node) const {
    const graph::Node& node = program_[id_of_node];
    const bool is_round = node.kind == NodeKind::input || node.kind == NodeKind::output;
    std::string text = "<B>" + xml_escaped(node.name) + "</B>";
    std::string small;
    for (const std::string& line : lines(id_of_node)) small += "<BR/>" + xml_escaped(line);
    if (!small.empty()) text += std::string("<FONT POINT-SIZE=\"") + (is_round ? "8" : "9") + "\">" + small + "</FONT>";
    if (!has_ports(node)) return text;
    std::string table = "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"4\">";
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const graph::NodeInput& input = node.inputs[i];
      std::string name = xml_escaped(input.name);
      if (input.join != graph::Join::none) name += " join " + std::string(graph::spelling(input.join));
      table += "<TR><TD PORT=\"i" + std::to_string(i) +
               "\" ALIGN=\"LEFT\" BORDER=\"1\" SIDES=\"R\"><FONT POINT-SIZE=\"9\">" + name + "</FONT></TD>";
      if (i == 0) table += "<TD ROWSPAN=\"" + std::to_string(node.inputs.size()) + "\">" + text + "</TD>";
      table += "</TR>";
    }
    return table + "</TABLE>";
  }

  // ---- Edges

  void collect_edges() {
    entries_.resize(row_count_);
    exits_.resize(row_count_);
    for (std::uint32_t e = 0; e < program_.edges.size(); ++e) collect_data_edge(e);
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
      for (std::size_t a = 0; a < program_.nodes[i].actions.size(); ++a) collect_action({i}, a);
    }
  }

  /// Wider the more often it was taken; a line that never was is thin and pale.
  std::string width(std::size_t count) const {
    const double share = share_of(count);
    return "penwidth=" + fixed(0.6 + 3.4 * share) + (count == 0 ? ", color=\"#b8b8b8\"" : "");
  }

  void collect_data_edge(std::uint32_t index) {
    const graph::Edge& edge = program_.edges[index];
    const graph::Node& target = program_[edge.target];
    const graph::NodeInput& input = target.inputs[edge.target_input];
    std::string text = program_[edge.source].name + " -> " + target.name +
                       (input.name.empty() ? "" : "." + input.name) + ": " + program_[edge.source].shape.to_string();
    std::string attributes = "id=e" + std::to_string(index);
    std::string label;
    if (edge.fallback) {
      label = "default " + values_text(*edge.fallback);
      attributes += ", dir=both, arrowtail=obox";
      text += ", " + label;
    }
    if (!input.name.empty() && !has_ports(target)) label += (label.empty() ? "" : ", ") + ("to " + input.name);
    if (!label.empty()) attributes += ", label=" + quoted(label) + ", fontsize=9";
    if (subject_.frequencies != nullptr) {
      attributes += ", " + width(subject_.frequencies->edges[index]);
      text += "\n" + percent(share_of(subject_.frequencies->edges[index])) + " of samples";
    }
    attributes += ", tooltip=" + quoted(text) + ", class=\"data" + (edge.fallback ? " default\"" : "\"");
    const std::string head =
        id(edge.target) + (has_ports(target) ? ":i" + std::to_string(edge.target_input) + ":w" : std::string());
    add_edge(edge.source, edge.target, head, attributes, "data");
  }

  void collect_action(NodeId control, std::size_t index) {
    const graph::Action& action = program_[control].actions[index];
    std::string label = action.name;
    std::string attributes = "style=dashed, fontcolor=\"#b04a00\", class=\"action\"";
    std::string colour = ", color=\"#b04a00\"";
    std::string text = program_[control].name + " ~> " + action.name;
    if (subject_.frequencies != nullptr) {
      const std::size_t count = subject_.frequencies->actions[control.index][index];
      label += " " + percent(share_of(count));
      text += ": " + percent(share_of(count)) + " of samples";
      attributes += ", " + width(count);
      if (count == 0) colour.clear();
    }
    attributes += colour + ", label=" + quoted(label);
    const std::string part = std::to_string(control.index) + "_" + std::to_string(index);
    for (std::size_t t = 0; t < action.targets.size(); ++t) {
      const NodeId target = action.targets[t];
      add_edge(control, target, id(target),
               "id=a" + part + "_" + std::to_string(t) + ", " + attributes +
                   ", tooltip=" + quoted(text + ": " + program_[target].name),
               "action");
    }
    if (!action.targets.empty()) return;
    const std::string nothing = id(control) + "_none" + std::to_string(index);
    exits_[rows_[control.index]].push_back(
        nothing + " [shape=point, width=0.07, fillcolor=\"#b04a00\", color=\"#b04a00\", class=\"nothing\", tooltip=" +
        quoted(text + ": none") + "];\n");
    edges_.push_back("  " + id(control) + " -> " + nothing + " [id=a" + part + "_0, " + attributes +
                     ", tooltip=" + quoted(text + ": none") + "];\n");
  }

  /// An edge within a row, or its two halves with a connector at either end.
  void add_edge(NodeId source, NodeId target, const std::string& head, const std::string& attributes,
                const std::string& kind) {
    const std::uint32_t from = rows_[source.index];
    const std::uint32_t to = rows_[target.index];
    if (from == to) {
      edges_.push_back("  " + id(source) + " -> " + head + " [" + attributes + "];\n");
      return;
    }
    const std::string exit = "x" + std::to_string(source.index);
    const std::string entry = "x" + std::to_string(source.index) + "_" + std::to_string(to);
    const bool is_new = std::find(connectors_.begin(), connectors_.end(), exit) == connectors_.end();
    if (is_new) {
      connectors_.push_back(exit);
      exits_[from].push_back(exit + connector(source, exit, "continued below"));
      edges_.push_back("  " + id(source) + " -> " + exit + " [id=y" + std::to_string(source.index) + ", class=\"" +
                       kind + "\", arrowhead=none, tooltip=" + quoted(program_[source].name + ", continued below") +
                       "];\n");
    }
    if (std::find(connectors_.begin(), connectors_.end(), entry) == connectors_.end()) {
      connectors_.push_back(entry);
      entries_[to].push_back(entry + connector(source, entry, "from above"));
    }
    edges_.push_back("  " + entry + " -> " + head + " [" + attributes + "];\n");
  }

  std::string connector(NodeId source, const std::string& name, const std::string& where) const {
    return " [id=" + name +
           ", shape=cds, style=filled, fillcolor=\"#f4f4f4\", color=\"#909090\", fontsize=9, margin=\"0.08,0.03\", "
           "height=0.25, label=" +
           quoted(program_[source].name) +
           ", class=\"connector\", tooltip=" + quoted(program_[source].name + ", " + where) + "];\n";
  }

  // ---- Legend

  void write_legend() {
    std::string key;
    for (const std::string& words : legend_words(program_)) key += (key.empty() ? "" : " &#160; ") + words;
    std::string head = "<B>" + xml_escaped(program_.name) + "</B><BR/>" + paths_text(subject_.analysis);
    if (const Frequencies* traced = subject_.frequencies) {
      head += "<BR/>" + graph::grouped(static_cast<std::int64_t>(traced->samples)) +
              (traced->samples == 1 ? " sample, " : " samples, ") + graph::grouped(std::llround(traced->mean_cost)) +
              " multiplications on average; lines as wide as often taken, runs: share of samples";
    }
    out_ +=
        "  labelloc=b; labeljust=l; label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"2\">";
    out_ += "<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\">" + head + "</TD></TR>";
    out_ += "<TR><TD ALIGN=\"LEFT\"><FONT POINT-SIZE=\"9\">" + key + "</FONT></TD></TR>";
    if (largest_share_ > 0) out_ += "<TR><TD ALIGN=\"LEFT\">" + ramp() + "</TD></TR>";
    out_ += "</TABLE>>;\n";
  }

  std::string ramp() const {
    std::string cells;
    const std::string small = "<FONT POINT-SIZE=\"9\">";
    cells += "<TD>" + small + "share of the " + (subject_.frequencies ? "mean" : "greatest") + " cost: 0 %</FONT></TD>";
    for (int step = 0; step <= deepest_shade; step += 2) {
      const std::string upper =
          "<TD BORDER=\"1\" COLOR=\"#b0b0b0\" WIDTH=\"18\" HEIGHT=\"10\" FIXEDSIZE=\"TRUE\" BGCOLOR=\"";
      cells += upper + fill(NodeKind::regular, step) + "\"></TD>";
    }
    cells += "<TD>" + small + percent(largest_share_) + "</FONT></TD><TD></TD>";
    return "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"1\" ALIGN=\"LEFT\"><TR>" + cells +
           "</TR></TABLE>";
  }

  const Subject& subject_;
  const graph::Program& program_;
  Purpose purpose_;
  std::vector<double> shares_;  // by NodeId::index
  double largest_share_ = 0;
  std::vector<std::uint32_t> rows_;                          // by NodeId::index
  std::vector<std::uint32_t> steps_;                         // by NodeId::index
  std::vector<std::vector<graph::Activation>> activations_;  // by NodeId::index
  std::uint32_t row_count_ = 1;
  std::vector<std::string> connectors_;            // those made so far
  std::vector<std::vector<std::string>> entries_;  // by row: connectors from above
  std::vector<std::vector<std::string>> exits_;    // by row: connectors to below, ends of actions that run nothing
  std::vector<std::string> edges_;                 // statements
  std::string out_;
};

}  // namespace

std::string dot_text(const Subject& subject, Purpose purpose) {
  return DotWriter(subject, purpose).text();
}

}  // namespace d2nn::draw
