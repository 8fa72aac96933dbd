// Where the values of a program are needed. A node executes by the rules of the language; its value is needed when an
// output, or a control node that executes, depends on it. The two differ: of the stages of a cascade only the last that
// ran gives the answer, and what a node makes may be read in one branch alone. Plans leave the difference uncomputed
// (passes/plan.h); what they report stays that of the language.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace d2nn::paths {

/// A step of a decision: the action of a control node leads to no (0), to yes (1), or to an earlier step (2 +
/// position).
struct DecisionStep {
  graph::NodeId control;
  /// By action. A control node that does not execute counts as taking action 0.
  std::vector<std::uint32_t> next;
};

/// When a value is needed, given that its node executes.
struct Need {
  enum class When : std::uint8_t { never, always, depends };
  When when = When::always;
  /// depends: the answer begins at the last step. Each control node here comes before every control node behind the
  /// node, in topological order: control nodes can decide in that order, and before the value is computed.
  std::vector<DecisionStep> steps;
};

struct Uses {
  /// Empty: what follows is proved. Else why the diagrams had to be given up: then everything counts as needed.
  std::string gave_up;
  std::vector<bool> never_executes;  // by NodeId::index
  std::vector<Need> needs;           // by NodeId::index; never for what never executes
  /// By EdgeId::index: on some path what the target computes takes the value of the edge's source, its default value.
  std::vector<bool> value_is_read;
  std::vector<bool> default_is_read;
  /// By EdgeId::index: the target's input never takes the values of two of its sources at once.
  std::vector<bool> is_exclusive;
};

/// With `is_conditional` a node may be needed on some of the paths that execute it; without, it is needed on all of
/// them or on none. Thread-safe (serialised with analyse).
Uses find_uses(const graph::Program& program, bool is_conditional);

/// A node that executes on paths where nothing needs its value, and one control edge that would spare it there.
struct UnusedWork {
  graph::NodeId node;
  graph::NodeId control;
  std::vector<std::uint32_t> needed;    // actions that would have to activate the node
  std::vector<std::uint32_t> unneeded;  // the others: the node executes for nothing
  std::int64_t saved = 0;               // multiplications spared wherever an unneeded action is taken
  bool saves_more = false;              // true: on some of these paths more than `saved`
};

/// Upstream nodes first; nodes that would be skipped along with one of the list are not listed. Such an edge changes no
/// output and no decision: both are proved for each entry. At most `limit` entries.
std::vector<UnusedWork> find_unused_work(const graph::Program& program, std::size_t limit);

}  // namespace d2nn::paths
