// The door of the passes room: a checked program in, an execution plan out. The plan says which kernels run for each
// node, in which order nodes run, what is fused, and where every tensor stands. codegen turns it into code and tables,
// line by line.
//
// What executes and what is computed are told apart. A node *executes* by the rules of the language; that is settled
// for every node, at its place in the order, and is what paths, costs and traces report. Its value is *computed* where
// something needs it, perhaps later: behind the decisions that settle that.
//
// A program is lowered to a plain plan (lower.h), which passes rewrite one after the other (pipeline.h). Training keeps
// every value that backward reads and goes through no pass. print.h shows a plan, verify.h says what must hold of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "expr/expression.h"
#include "graph/graph.h"
#include "passes/conditions.h"
#include "passes/pipeline.h"
#include "paths/uses.h"

namespace d2nn::passes {

enum class PlanMode { inference, training };

/// A tensor that a step or join reads: a network input (by position among the inputs) or a buffer.
struct Operand {
  bool is_input = false;
  std::uint32_t index = 0;
  friend bool operator==(const Operand&, const Operand&) = default;
};

/// A tensor of every row. Row r stands at offset * capacity + r * stride floats into the arena.
struct Buffer {
  ops::Shape shape;           // planar: in row-major order of the dims
  std::int64_t stride = 0;    // floats. inference: elements rounded up to 16; training: elements
  std::int64_t offset = 0;    // floats per row, a multiple of 16
  bool is_row_local = false;  // inference: one row's worth, in the frame's scratch at `offset`; not in the arena
  std::int64_t gradient_offset = -1;  // training; -1: nobody needs it
  bool gradient_accumulates = false;  // training: read by other nodes
};

/// Batch norm multiplied into the weights: weight, bias, mean, variance.
struct FoldedNorm {
  std::vector<graph::ParamId> parameters;
  double eps = 0;
};
/// An expression applied to each element (expr::is_placewise). Operand 0 is the element; operand i from 1 on is the
/// element at the same place of the step's operand `first_operand + i - 1`.
struct Pointwise {
  expr::Expression expression;
  std::uint32_t first_operand = 0;
};
/// max_pool; the last stage.
struct Pool {
  ops::Arguments arguments;
};
using StageKind = std::variant<FoldedNorm, Pointwise, Pool>;

/// What a step does to the result of what is before it in the step. Only a pool changes the shape.
struct Stage {
  StageKind kind;
  const ops::Layer* layer = nullptr;
};

/// One layer, and the stages that were taken into it.
struct Step {
  graph::NodeId node;
  ops::Kernel kernel = ops::Kernel::copy;
  const ops::Layer* layer = nullptr;  // null: the copy of a node that passes a tensor on
  ops::Arguments arguments;           // of its layer; complete
  ops::Shape in;                      // of the first operand; of the result where there is none
  ops::Shape kernel_out;              // of the layer itself, before its stages
  ops::Shape out;                     // of the result
  /// What it reads; of an expression, its operands by their numbers: each tensor once. Behind those of the layer, those
  /// of its pointwise stages.
  std::vector<Operand> operands;
  std::vector<std::int64_t> operand_elements;  // of each operand
  std::vector<ops::Shape> operand_shapes;      // of each operand of a layer
  expr::Expression expression;                 // of Kernel::expression
  std::uint32_t result = 0;                    // buffer
  std::vector<graph::ParamId> parameters;      // as in Layer::weights
  /// Of conv, dense and matmul, in order: at most a norm, any number of pointwise ones, at most a pool.
  std::vector<Stage> stages;
  std::optional<std::uint32_t> state;  // training: buffer for what backward needs beyond values
  std::string label;                   // "N2.conv1"
  std::int64_t cost = 0;
};

/// The step's stage of that kind, or nullptr.
template <class Kind>
const Kind* stage_of(const Step& step) {
  for (const Stage& stage : step.stages) {
    if (const auto* kind = std::get_if<Kind>(&stage.kind)) return kind;
  }
  return nullptr;
}

/// An edge that a join reads. Without `takes_default` it is null where its source was skipped.
struct JoinEdge {
  graph::EdgeId edge;
  bool takes_default = false;
};

/// The join of the edges into a node's input (target: buffer) or an output (target: position among the outputs). Kind
/// and edges are those of the graph, or simpler ones that give the same value.
struct JoinStep {
  graph::NodeId node;
  std::uint32_t input = 0;
  bool is_output = false;
  std::uint32_t target = 0;
  graph::Join kind = graph::Join::none;
  std::vector<JoinEdge> edges = {};
};

/// What one function node does when it is computed: joins, then steps, both in order. A dummy that an action can skip
/// stands here too, with nothing to do: its entry in the schedule settles whether it executed.
struct NodePlan {
  graph::NodeId node;
  std::vector<std::uint32_t> joins;
  std::vector<std::uint32_t> steps;
};

/// What happens at one point of the order. A node is settled (its flags say where it executed) in exactly one entry and
/// computed in the same entry, in a later one, or not at all. A node that never executes has no entry.
struct ScheduleEntry {
  std::uint32_t node = 0;  ///< position in Plan::nodes
  bool settles = true;
  bool computes = true;
};

struct Plan {
  PlanMode mode = PlanMode::inference;
  std::vector<Condition> conditions;  // by NodeId::index
  std::vector<bool> never_executes;   // by NodeId::index: proved, so that no entry settles the node
  std::vector<Buffer> buffers;
  std::vector<Step> steps;
  std::vector<JoinStep> joins;
  std::vector<NodePlan> nodes;              // in the order in which they are settled
  std::vector<ScheduleEntry> schedule;      // in order
  std::vector<paths::Need> needs;           // by NodeId::index: where an executed node is computed
  std::vector<std::uint32_t> output_joins;  // by position among the outputs
  /// What a node's outgoing edges carry, by NodeId::index; inputs and function nodes; dummies have none (a constant),
  /// nor have nodes that are never computed.
  std::vector<std::optional<Operand>> value_of;
  std::int64_t arena_floats = 0;  // per row of capacity
  std::int64_t gradient_floats = 0;
  std::int64_t row_local_floats = 0;
  std::int64_t tile_rows = 0;  // inference: capacity of a tile
};

/// Which steps run on several rows in one call (dense layers of vectors: the weights are streamed once for the group);
/// all others run row by row.
bool is_batched(const Step& step);

/// How many of the step's operands its layer reads; the others are its stages'.
std::size_t layer_operands(const Step& step);

/// Called with the plan after each pass, including passes that are disabled.
using Observer = std::function<void(const PassInfo& pass, const Plan& plan)>;

/// Plans the inference of a program that sema accepted. `uses` are the program's, conditional where move_into_branch
/// runs (needs_conditional_uses). With assertions on, a pass that breaks a rule of verify.h is std::logic_error.
Plan plan_inference(const graph::Program& program, const paths::Uses& uses, const PassSet& passes = {},
                    const Observer& observe = {});
/// Plans its training, which keeps all values: through no pass.
Plan plan_training(const graph::Program& program);

/// How paths::find_uses shall see the uses of values for these passes.
bool needs_conditional_uses(const PassSet& passes);

}  // namespace d2nn::passes
