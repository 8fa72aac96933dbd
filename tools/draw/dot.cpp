#include "draw/dot.h"

#include <algorithm>
#include <cstdio>

namespace d2nn::draw {

namespace {

using graph::NodeKind;

/// For inside a quoted DOT string.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

/// "8 × 28 × 28".
std::string shape_text(const ops::Shape& shape) {
  std::string text;
  for (const std::int64_t dim : shape.dims) text += (text.empty() ? "" : " × ") + std::to_string(dim);
  return text;
}

/// "3.19 M", "727 k", "96".
std::string short_count(std::int64_t value) {
  char text[32];
  if (value >= 1'000'000'000) {
    std::snprintf(text, sizeof text, "%.2f G", static_cast<double>(value) / 1e9);
  } else if (value >= 1'000'000) {
    std::snprintf(text, sizeof text, "%.2f M", static_cast<double>(value) / 1e6);
  } else if (value >= 10'000) {
    std::snprintf(text, sizeof text, "%.0f k", static_cast<double>(value) / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%lld", static_cast<long long>(value));
  }
  return text;
}

/// White for nothing, the paper's blue for the node that costs the most; control nodes go to orange.
std::string fill(const graph::Node& node, std::int64_t greatest) {
  const double share = greatest > 0 ? static_cast<double>(node.cost) / static_cast<double>(greatest) : 0;
  const double saturation = 0.06 + 0.44 * share;
  char text[32];
  std::snprintf(text, sizeof text, "%.3f %.3f 1.000", node.kind == NodeKind::control ? 0.09 : 0.58, saturation);
  return text;
}

std::string number_text(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", static_cast<double>(value));
  return text;
}

class DotWriter {
 public:
  explicit DotWriter(const graph::Program& program) : program_(program) {
    for (const graph::Node& node : program.nodes) greatest_cost_ = std::max(greatest_cost_, node.cost);
  }

  std::string text() {
    out_ = "digraph \"" + escaped(program_.name) + "\" {\n";
    out_ += "  rankdir=LR; nodesep=0.35; ranksep=0.55; bgcolor=white;\n";
    out_ +=
        "  node [fontname=\"Helvetica\", fontsize=11, style=filled, color=\"#303030\", fillcolor=white, "
        "penwidth=1.1];\n";
    out_ += "  edge [fontname=\"Helvetica\", fontsize=10, color=\"#303030\", arrowsize=0.7];\n";
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) write_node(i);
    for (const graph::Edge& edge : program_.edges) write_edge(edge);
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) write_actions(i);
    return out_ + "}\n";
  }

 private:
  static std::string id(graph::NodeId node) { return "n" + std::to_string(node.index); }

  void write_node(std::uint32_t index) {
    const graph::Node& node = program_.nodes[index];
    std::string label = escaped(node.name);
    if (node.kind == NodeKind::dummy) {
      label += "\\ndummy " + (node.dummy_value.empty()
                                  ? ""
                                  : number_text(node.dummy_value.front()) + (node.dummy_value.size() > 1 ? " …" : ""));
    } else {
      label += "\\n" + shape_text(node.shape);
    }
    if (node.cost > 0) label += "\\n" + short_count(node.cost) + " mult.";
    for (const graph::NodeInput& input : node.inputs) {
      if (input.join != graph::Join::none)
        label += "\\n" + (input.name.empty() ? "" : input.name + " ") + std::string("join ") +
                 std::string(graph::spelling(input.join));
    }
    std::string tooltip = node.doc.empty() ? node.name : node.doc;
    for (char& c : tooltip) {
      if (c == '\n') c = ' ';
    }
    out_ +=
        "  " + id({index}) + " [label=\"" + label + "\", tooltip=\"" + escaped(tooltip) + "\", " + style(node) + "];\n";
  }

  std::string style(const graph::Node& node) const {
    switch (node.kind) {
      case NodeKind::input:
      case NodeKind::output:
        return "shape=circle, margin=0.02, fillcolor=\"#eeeeee\"";
      case NodeKind::control:
        return "shape=diamond, margin=0.01, fillcolor=\"" + fill(node, greatest_cost_) + "\"";
      case NodeKind::dummy:
        return "shape=box, style=\"filled,dotted\"";
      case NodeKind::regular:
        break;
    }
    return "shape=box, fillcolor=\"" + fill(node, greatest_cost_) + "\"";
  }

  void write_edge(const graph::Edge& edge) {
    out_ += "  " + id(edge.source) + " -> " + id(edge.target);
    const std::string& input = program_[edge.target].inputs[edge.target_input].name;
    std::string attributes = input.empty() ? "" : "headlabel=\"" + escaped(input) + "\"";
    if (edge.fallback) {
      attributes += std::string(attributes.empty() ? "" : ", ") + "dir=both, arrowtail=dot, taillabel=\" " +
                    number_text(edge.fallback->front()) + (edge.fallback->size() > 1 ? " …" : "") + "\"";
    }
    out_ += (attributes.empty() ? "" : " [" + attributes + "]") + ";\n";
  }

  void write_actions(std::uint32_t index) {
    const graph::Node& node = program_.nodes[index];
    for (std::size_t a = 0; a < node.actions.size(); ++a) {
      const graph::Action& action = node.actions[a];
      const std::string attributes =
          " [style=dashed, color=\"#b04a00\", fontcolor=\"#b04a00\", label=\"" + escaped(action.name) + "\"];\n";
      for (const graph::NodeId target : action.targets) out_ += "  " + id({index}) + " -> " + id(target) + attributes;
      if (action.targets.empty()) {
        const std::string nothing = id({index}) + "_none" + std::to_string(a);
        out_ += "  " + nothing + " [shape=point, width=0.06];\n  " + id({index}) + " -> " + nothing + attributes;
      }
    }
  }

  const graph::Program& program_;
  std::int64_t greatest_cost_ = 0;
  std::string out_;
};

}  // namespace

std::string dot_text(const graph::Program& program) {
  return DotWriter(program).text();
}

}  // namespace d2nn::draw
