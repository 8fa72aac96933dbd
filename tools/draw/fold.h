// A long chain drawn in one line would be metres long and unreadable. It is folded like the lines of a text: into rows,
// cut where few edges cross.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace d2nn::draw {

/// The longest row, in steps from left to right, of a network that is not folded.
inline constexpr std::uint32_t longest_row = 18;

/// By NodeId::index: how many steps a node stands from the left; edges and actions lead to the right. Inputs and
/// dummies stand just before their first reader.
std::vector<std::uint32_t> steps(const graph::Program& program);
/// By NodeId::index: the row, from 0 at the top. Edges never lead to a higher row. All 0 when the network is short.
std::vector<std::uint32_t> fold_into_rows(const graph::Program& program);

}  // namespace d2nn::draw
