// A network as a drawing in the manner of the paper: inputs and outputs are circles, regular nodes rectangles, control
// nodes diamonds, dummies dotted rectangles; data edges solid, control edges dashed with the action's name; an edge
// with a default value begins with a square and bears it.
#pragma once

#include <string>
#include <vector>

#include "draw/node_text.h"

namespace d2nn::draw {

/// page: for inside the HTML page, which has a heading and a legend of its own.
enum class Purpose { picture, page };

/// The drawing in Graphviz' language, the same for the same subject. Nodes carry shape, cost and its share of the
/// whole; the deeper the colour, the larger that share. With a trace lines are as wide as often they were taken, and
/// actions and nodes carry percentages of the samples. Long networks are folded into rows (fold.h): an edge to a lower
/// row ends in a connector with the source's name, which is repeated there. Members of a family that stand side by side
/// share a frame.
///
/// Ids of the drawing's parts, for the page: n<node>, e<edge>, a<node>_<action>_<target>; x<node>, x<node>_<row> the
/// connectors of a node, y<node> the edge to the first.
std::string dot_text(const Subject& subject, Purpose purpose = Purpose::picture);

}  // namespace d2nn::draw
