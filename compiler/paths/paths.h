// The door of the paths room: for every node the condition under which it executes, as decision diagrams (BuDDy),
// never as an enumeration; and what follows from them: null outputs, the number of paths, the costs.
// BuDDy's state is global: it stays inside this room, behind one mutex, and nothing of it appears here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace d2nn::paths {

/// The action each control node takes; nullopt where it does not execute. In order of nodes_of(program, control).
using Decisions = std::vector<std::optional<std::uint32_t>>;

/// One path through the network.
struct Path {
  Decisions decisions;
  std::vector<graph::NodeId> executed;  // regular and control nodes, in topological order
  std::int64_t cost = 0;                // multiplications
  std::vector<graph::NodeId> null_outputs;
};

struct Analysis {
  /// Empty: everything below is proved. Else why the diagrams had to be given up (they outgrew their limit): then
  /// path_count is empty, costs are bounds, nothing counts as never executing, an edge counts as possibly null and a
  /// source as possibly skipped unless the graph alone forbids it, and null_outputs names every output that is possibly
  /// null, without decisions.
  std::string gave_up;
  std::string path_count;  // exact, decimal
  /// All paths when there are at most `listed_paths_limit`, in order of the decisions (first declared action first).
  std::optional<std::vector<Path>> paths;
  std::int64_t least_cost = 0;
  std::int64_t greatest_cost = 0;
  bool costs_are_exact = true;  // false: bounds (the elimination grew beyond its limit)
  /// By NodeId::index. never_executes: unsatisfiable; can_be_null: the value of an output, or a data edge's (by
  /// EdgeId).
  std::vector<bool> never_executes;
  std::vector<bool> edge_can_be_null;       // by EdgeId::index, default values taken into account
  std::vector<bool> source_can_be_skipped;  // by EdgeId::index: a default on an edge where this is false is useless
  /// For each output node that can be null: a shortest list of decisions that makes it so whatever else is decided, as
  /// (control node, action); empty when it is null on every path. A decision says by itself that its control node
  /// executes.
  struct NullWitness {
    graph::NodeId output;
    std::vector<std::pair<graph::NodeId, std::uint32_t>> decisions;
  };
  std::vector<NullWitness> null_outputs;
};

inline constexpr std::size_t listed_paths_limit = 10000;

/// null_values: gave_up, never_executes, edge_can_be_null, source_can_be_skipped and null_outputs only. What the rules
/// of the language need; counting, listing and pricing the paths of a large network takes several times as long.
enum class Questions { null_values, everything };

/// Analyses a program whose nodes, edges, actions and topological order are complete. Thread-safe (serialised).
Analysis analyse(const graph::Program& program, Questions questions = Questions::everything);

}  // namespace d2nn::paths
