// The words and numbers of a drawing, shared by its forms.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "draw/frequencies.h"
#include "graph/graph.h"
#include "paths/paths.h"

namespace d2nn::draw {

/// What is drawn. The objects are the caller's and outlive the drawing.
struct Subject {
  const graph::Program& program;
  const paths::Analysis& analysis;
  const Frequencies* frequencies = nullptr;  // of a trace, or none
};

/// For XML, HTML and Graphviz' HTML-like labels: & < > " become entities; control characters other than the line feed,
/// which XML does not take, become spaces.
std::string xml_escaped(std::string_view text);

/// "8 × 28 × 28".
std::string shape_text(const ops::Shape& shape);
/// "3.19 M", "727 k", "96".
std::string short_count(std::int64_t value);
/// "37 %", "0.4 %", "<0.1 %".
std::string percent(double share);
/// Of a default or dummy: "0" when all values are equal, else the first of them, "0, 1, 0.5, …".
std::string values_text(const std::vector<float>& values);
/// "conv(3x3, 8, stride: 2, pad: 1)".
std::string layer_text(const graph::Op& op);
/// "2 paths, 890,944 to 3,350,528 multiplications".
std::string paths_text(const paths::Analysis& analysis);
/// Name, documentation, shape, joins, layers and cost of a node, one a line; with a trace its frequency.
std::string tooltip(const Subject& subject, graph::NodeId id);

/// What the shapes and lines mean, as far as the network has them: "circle: input, output", ...
std::vector<std::string> legend_words(const graph::Program& program);

/// By NodeId::index: the part of the whole cost that the node has, 0 to 1. Without a trace the whole is the greatest
/// cost of a sample; with a trace it is the mean, and a node counts as often as it executed.
std::vector<double> cost_shares(const Subject& subject);

/// How deep the colour of a node is, 0 to deepest_shade: its share of the cost measured by the largest one.
inline constexpr int deepest_shade = 8;
int shade(double share, double largest_share);

}  // namespace d2nn::draw
