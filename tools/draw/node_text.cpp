#include "draw/node_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "draw/fold.h"
#include "graph/print.h"
#include "ops/layer.h"

namespace d2nn::draw {

using graph::NodeKind;

std::string xml_escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f ? ' ' : c;
    }
  }
  return result;
}

std::string shape_text(const ops::Shape& shape) {
  std::string text;
  for (const std::int64_t dim : shape.dims) text += (text.empty() ? "" : " × ") + std::to_string(dim);
  return text;
}

std::string short_count(std::int64_t value) {
  char text[32];
  if (value >= 1'000'000'000) {
    std::snprintf(text, sizeof text, "%.2f G", static_cast<double>(value) / 1e9);
  } else if (value >= 999'500) {
    std::snprintf(text, sizeof text, "%.2f M", static_cast<double>(value) / 1e6);
  } else if (value >= 10'000) {
    std::snprintf(text, sizeof text, "%.0f k", static_cast<double>(value) / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%lld", static_cast<long long>(value));
  }
  return text;
}

std::string percent(double share) {
  const double value = 100 * share;
  char text[32];
  if (value > 0 && value < 0.1) return "<0.1 %";
  const bool is_fine = value > 0 && value < 9.95 && std::abs(value - std::round(value)) >= 0.05;
  std::snprintf(text, sizeof text, is_fine ? "%.1f %%" : "%.0f %%", value);
  return text;
}

std::string values_text(const std::vector<float>& values) {
  const bool is_uniform =
      std::all_of(values.begin(), values.end(), [&](float value) { return value == values.front(); });
  const std::size_t shown = std::min<std::size_t>(values.size(), is_uniform ? 1 : 3);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "%g", static_cast<double>(values[i]));
    text += (i > 0 ? ", " : "") + std::string(number);
  }
  return text + (values.size() > shown && !is_uniform ? ", …" : "");
}

std::string layer_text(const graph::Op& op) {
  const std::string arguments = ops::arguments_text(op.layer->params, op.arguments);
  return op.layer->name + (arguments.empty() ? "" : "(" + arguments + ")");
}

std::string paths_text(const paths::Analysis& analysis) {
  std::string text = analysis.path_count + (analysis.path_count == "1" ? " path, " : " paths, ");
  if (analysis.path_count.empty()) text = "paths not counted, ";
  if (!analysis.costs_are_exact) text += "at least ";
  text += graph::grouped(analysis.least_cost);
  if (analysis.least_cost != analysis.greatest_cost || !analysis.costs_are_exact)
    text += (analysis.costs_are_exact ? " to " : " to at most ") + graph::grouped(analysis.greatest_cost);
  return text + " multiplications";
}

std::string tooltip(const Subject& subject, graph::NodeId id) {
  const graph::Node& node = subject.program[id];
  std::string text = std::string(graph::spelling(node.kind)) + " " + node.name + ": " + node.shape.to_string();
  if (node.kind == NodeKind::dummy) text += " = " + values_text(node.dummy_value);
  if (!node.doc.empty()) text += "\n" + node.doc;
  for (const graph::NodeInput& input : node.inputs) {
    if (input.join != graph::Join::none)
      text += "\n" + (input.name.empty() ? "" : input.name + " ") + "join " + std::string(graph::spelling(input.join));
  }
  for (const graph::Op& op : node.ops) text += "\n" + layer_text(op);
  if (node.cost > 0) text += "\n" + graph::grouped(node.cost) + " multiplications";
  if (subject.frequencies != nullptr && node.kind != NodeKind::input)
    text += "\n" + percent(subject.frequencies->share(subject.frequencies->nodes[id.index])) + " of samples";
  return text;
}

std::vector<std::string> legend_words(const graph::Program& program) {
  std::vector<std::string> words{"circle: input, output", "rectangle: node"};
  if (!graph::nodes_of(program, NodeKind::control).empty()) {
    words.push_back("diamond: control node");
    words.push_back("dashed: action");
  }
  if (!graph::nodes_of(program, NodeKind::dummy).empty()) words.push_back("dotted: dummy");
  if (std::any_of(program.edges.begin(), program.edges.end(),
                  [](const graph::Edge& e) { return e.fallback.has_value(); }))
    words.push_back("square: default value of a skipped node");
  const std::vector<std::uint32_t> rows = fold_into_rows(program);
  if (std::any_of(rows.begin(), rows.end(), [](std::uint32_t row) { return row > 0; }))
    words.push_back("arrow with a name: goes on in a row below");
  return words;
}

std::vector<double> cost_shares(const Subject& subject) {
  const Frequencies* const traced = subject.frequencies;
  const double whole = traced ? traced->mean_cost : static_cast<double>(subject.analysis.greatest_cost);
  std::vector<double> shares;
  for (std::size_t i = 0; i < subject.program.nodes.size(); ++i) {
    const double often = traced ? traced->share(traced->nodes[i]) : 1;
    // Where the greatest cost is no more than a bound, or a node never executes, this may be beyond 1.
    shares.push_back(whole > 0 ? std::min(1.0, often * static_cast<double>(subject.program.nodes[i].cost) / whole) : 0);
  }
  return shares;
}

int shade(double share, double largest_share) {
  if (share <= 0 || largest_share <= 0) return 0;
  return std::clamp(static_cast<int>(std::lround(deepest_shade * share / largest_share)), 1, deepest_shade);
}

}  // namespace d2nn::draw
