// The typed indices by which the parts of a Program name each other.
#pragma once

#include <compare>
#include <cstdint>

namespace d2nn::graph {

/// A typed 32-bit index into a vector of the Program.
template <class Tag>
struct Id {
  std::uint32_t index = ~0u;
  bool is_valid() const { return index != ~0u; }
  friend bool operator==(Id, Id) = default;
  friend auto operator<=>(Id, Id) = default;
};
using NodeId = Id<struct NodeTag>;    // Program::nodes
using EdgeId = Id<struct EdgeTag>;    // Program::edges
using ParamId = Id<struct ParamTag>;  // Program::parameters
/// A tensor inside a node: 0 .. inputs.size()-1 are the node's joined inputs, then one per op in order.
using ValueId = Id<struct ValueTag>;

}  // namespace d2nn::graph
