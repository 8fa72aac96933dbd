// The door of the paths room: for every node the condition under which it executes, as decision diagrams (BuDDy),
// never as an enumeration; and what follows from them: null outputs, the number of paths, least, greatest and expected
// cost.
// BuDDy's state is global: it stays inside this room, behind one mutex, and nothing of it appears here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "paths/remaining_costs.h"
#include "paths/uses.h"

namespace d2nn::paths {

/// The action each control node takes; nullopt where it does not execute. In order of nodes_of(program, control).
using Decisions = std::vector<std::optional<std::uint32_t>>;

/// How often each control node takes each of its actions when it executes: by control node, in order of
/// nodes_of(program, control), and action; each sums to 1. An empty entry, and an empty list, mean all actions alike.
using Frequencies = std::vector<std::vector<double>>;

/// One path through the network.
struct Path {
  Decisions decisions;
  std::vector<graph::NodeId> executed;  // regular and control nodes, in topological order
  std::int64_t cost = 0;                // multiplications
  std::vector<graph::NodeId> null_outputs;
};

/// What an analysis answers besides what the rules of the language need, which is gave_up, never_executes,
/// edge_can_be_null, source_can_be_skipped, null_outputs and same_effects. For a large network each takes several times
/// as long as that.
struct Questions {
  bool paths = false;            ///< their number, list and costs, and how often nodes execute
  bool remaining_costs = false;  ///< where the costs are exact; asks for the paths too
  bool uses = false;
  bool uses_are_conditional = false;  ///< as find_uses takes it
};
inline constexpr Questions null_values{};
inline constexpr Questions all_paths{.paths = true};

struct Analysis {
  Questions questions;  ///< that it answers
  /// Empty: everything below is proved. Else why the diagrams had to be given up (they outgrew their limit): then
  /// path_count is empty, costs are bounds, nothing counts as never executing, an edge counts as possibly null and a
  /// source as possibly skipped unless the graph alone forbids it, and null_outputs names every output that is possibly
  /// null, without decisions.
  std::string gave_up;
  std::string path_count;   // exact, decimal; empty when not counted
  std::string not_counted;  // why: gave_up, or only the diagram of the paths outgrew the limit
  /// All paths when there are at most `listed_paths_limit`, in order of the decisions (first declared action first).
  std::optional<std::vector<Path>> paths;
  std::int64_t least_cost = 0;
  std::int64_t greatest_cost = 0;
  bool costs_are_exact = true;  // false: bounds (the elimination grew beyond its limit)
  /// A path of that cost each; none where the costs are bounds.
  std::optional<Path> least_path;
  std::optional<Path> greatest_path;
  /// For the given frequencies, each control node deciding independently: by NodeId::index, how often the node executes
  /// (an output has a value), 0 to 1; and the mean cost of a sample, of all nodes and of the control nodes alone. Empty
  /// and 0 when gave_up.
  std::vector<double> execution_probability;
  double expected_cost = 0;
  double expected_control_cost = 0;
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
  /// An action that executes the same nodes as an earlier declared one of its control node, whatever else is decided.
  struct SameEffect {
    graph::NodeId control;
    std::uint32_t action = 0;
    std::uint32_t earlier = 0;
  };
  std::vector<SameEffect> same_effects;
  std::optional<RemainingCosts> remaining_costs;  ///< where asked for, and possible (remaining_costs.h)
  std::optional<Uses> uses;                       ///< where asked for
};

inline constexpr std::size_t listed_paths_limit = 10000;

/// Analyses a program whose nodes, edges, actions and topological order are complete. Thread-safe (serialised).
Analysis analyse(const graph::Program& program, const Questions& questions = all_paths,
                 const Frequencies& frequencies = {});

/// Whether the analysis answers all of these.
bool answers(const Analysis& analysis, const Questions& questions);

}  // namespace d2nn::paths
