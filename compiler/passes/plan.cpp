// Builds the plan node by node, then places the buffers (plan_memory.h). What is fused is decided here and nowhere
// else.
#include "passes/plan.h"

#include <algorithm>

#include "d2nn/rounding.h"
#include "d2nn/train_state.h"
#include "passes/plan_joins.h"
#include "passes/plan_memory.h"
#include "passes/plan_order.h"

namespace d2nn::passes {

namespace {

using graph::Join;
using graph::NodeId;
using graph::NodeKind;
using ops::Kernel;

bool only_renames(Kernel kernel, PlanMode mode) {
  return kernel == Kernel::copy || (kernel == Kernel::dropout && mode == PlanMode::inference);
}

/// What is known without asking: everything may be needed on every path.
paths::Uses everything_is_used(const graph::Program& program, const std::vector<Condition>& conditions) {
  paths::Uses uses;
  uses.never_executes.assign(program.nodes.size(), false);
  uses.needs.resize(program.nodes.size());
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (program.nodes[i].fixed_action) uses.needs[i].when = paths::Need::When::never;
  }
  uses.value_is_read.assign(program.edges.size(), true);
  for (const graph::Edge& edge : program.edges) {
    uses.default_is_read.push_back(!conditions[edge.source.index].is_always());
  }
  uses.is_exclusive.assign(program.edges.size(), false);
  return uses;
}

PassSet no_passes() {
  PassSet passes;
  for (const PassInfo& info : pipeline) passes.disable(info.pass);
  return passes;
}

class Planner {
 public:
  Planner(const graph::Program& program, PlanMode mode, const PassSet& passes)
      : program_(program), passes_(mode == PlanMode::inference ? passes : no_passes()) {
    plan_.mode = mode;
    plan_.conditions = conditions(program);
    uses_ = everything_is_used(program, plan_.conditions);
    if (asks_for_uses()) ask_for_uses();
    plan_.value_of.resize(program.nodes.size());
    const auto inputs = graph::nodes_of(program, NodeKind::input);
    for (std::uint32_t i = 0; i < inputs.size(); ++i) plan_.value_of[inputs[i].index] = Operand{true, i};
  }

  Plan run() {
    const std::vector<NodeEntry> schedule = order_schedule(program_, plan_.conditions, uses_);
    std::vector<std::uint32_t> position(program_.nodes.size());
    for (const NodeEntry& entry : schedule) {
      if (!entry.settles && entry.computes) continue;
      position[entry.node.index] = static_cast<std::uint32_t>(plan_.nodes.size());
      plan_.nodes.push_back({entry.node, {}, {}});
    }
    for (const NodeEntry& entry : schedule) {
      if (!entry.settles && !entry.computes) continue;
      plan_.schedule.push_back({position[entry.node.index], entry.settles, entry.computes});
      if (entry.computes) plan_node(entry.node, plan_.nodes[position[entry.node.index]]);
    }
    const auto outputs = graph::nodes_of(program_, NodeKind::output);
    for (std::uint32_t i = 0; i < outputs.size(); ++i) {
      plan_.output_joins.push_back(static_cast<std::uint32_t>(plan_.joins.size()));
      add_join({outputs[i], 0, true, i}, plan_join(program_, program_[outputs[i]].inputs[0], uses_, passes_));
    }
    plan_.needs = std::move(uses_.needs);
    plan_memory(program_, plan_);
    return std::move(plan_);
  }

 private:
  bool asks_for_uses() const {
    if (graph::nodes_of(program_, NodeKind::control).empty()) return false;
    return passes_.has(Pass::drop_unused) || passes_.has(Pass::move_into_branch) ||
           passes_.has(Pass::choose_exclusive) || passes_.has(Pass::forward_edge);
  }

  void ask_for_uses() {
    paths::Uses found = paths::find_uses(program_, passes_.has(Pass::move_into_branch));
    if (!found.gave_up.empty()) return;
    if (!passes_.has(Pass::drop_unused)) {
      for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
        if (found.needs[i].when != paths::Need::When::never || program_.nodes[i].fixed_action) continue;
        found.needs[i] = uses_.needs[i];
      }
      found.never_executes = uses_.never_executes;
    }
    uses_ = std::move(found);
  }

  void add_join(JoinStep place, JoinStep joined) {
    place.kind = joined.kind;
    place.edges = std::move(joined.edges);
    plan_.joins.push_back(std::move(place));
  }

  std::uint32_t add_buffer(std::int64_t elements) {
    Buffer buffer;
    buffer.elements = elements;
    buffer.stride = plan_.mode == PlanMode::inference ? round_up(elements, alignment_floats) : elements;
    plan_.buffers.push_back(buffer);
    return static_cast<std::uint32_t>(plan_.buffers.size() - 1);
  }

  /// The tensor that an input of a node reads: the source's own where one edge brings it and nothing has to be chosen.
  Operand plan_input(const graph::Node& node, NodeId id, std::uint32_t index, NodePlan& node_plan) {
    const graph::NodeInput& input = node.inputs[index];
    JoinStep join = plan_join(program_, input, uses_, passes_);
    const std::optional<NodeId> source = forwarded_source(program_, input, join, uses_, passes_);
    if (source && plan_.value_of[source->index]) return *plan_.value_of[source->index];
    const std::uint32_t buffer = add_buffer(input.shape.elements());
    node_plan.joins.push_back(static_cast<std::uint32_t>(plan_.joins.size()));
    add_join({id, index, false, buffer}, std::move(join));
    return {false, buffer};
  }

  void plan_node(NodeId id, NodePlan& node_plan) {
    const graph::Node& node = program_[id];
    std::vector<Operand> values;  // by ValueId
    for (std::uint32_t i = 0; i < node.inputs.size(); ++i) values.push_back(plan_input(node, id, i, node_plan));
    const std::vector<std::uint32_t> uses = count_uses(node);
    values.resize(node.inputs.size() + node.ops.size());
    for (std::size_t i = 0; i < node.ops.size();) i += plan_op(node, id, i, uses, values, node_plan);

    Operand result = values[node.result.index];
    const bool is_own =
        !result.is_input && std::any_of(node_plan.steps.begin(), node_plan.steps.end(),
                                        [&](std::uint32_t step) { return plan_.steps[step].result == result.index; });
    if (!is_own) {
      // A node that passes a tensor on unchanged still owns its value: edges tell "skipped" by the node, not by the
      // tensor.
      Step copy;
      copy.node = id;
      copy.kernel = Kernel::copy;
      copy.in = copy.out = node.shape;
      copy.operands = {result};
      copy.operand_elements = {node.shape.elements()};
      copy.result = add_buffer(node.shape.elements());
      copy.label = node.name + ".copy";
      result = {false, copy.result};
      node_plan.steps.push_back(static_cast<std::uint32_t>(plan_.steps.size()));
      plan_.steps.push_back(std::move(copy));
    }
    plan_.value_of[id.index] = result;
  }

  static std::vector<std::uint32_t> count_uses(const graph::Node& node) {
    std::vector<std::uint32_t> uses(node.inputs.size() + node.ops.size(), 0);
    for (const graph::Op& op : node.ops) {
      for (const graph::ValueId operand : op.operands) ++uses[operand.index];
    }
    ++uses[node.result.index];
    return uses;
  }

  /// Lists what an op reads and, where it is an expression, what it computes from that.
  static void read_operands(Step& step, const graph::Node& node, const graph::Op& op,
                            const std::vector<Operand>& values) {
    std::vector<std::uint32_t> numbers;
    std::vector<ops::Shape> shapes;
    for (const graph::ValueId id : op.operands) {
      const Operand operand = values[id.index];
      shapes.push_back(graph::value_shape(node, id));
      const auto known = std::find(step.operands.begin(), step.operands.end(), operand);
      numbers.push_back(static_cast<std::uint32_t>(known - step.operands.begin()));
      if (known != step.operands.end() && step.kernel == Kernel::expression) continue;
      step.operands.push_back(operand);
      step.operand_elements.push_back(shapes.back().elements());
      step.operand_shapes.push_back(shapes.back());
    }
    if (step.kernel == Kernel::expression) {
      step.expression = ops::meaning(*op.layer, op.arguments, shapes, numbers);
    }
  }

  /// The op right behind `index` when it alone reads the result of `index` and is of this layer.
  static const graph::Op* sole_reader(const graph::Node& node, std::size_t index,
                                      const std::vector<std::uint32_t>& uses, const ops::Layer& layer) {
    const std::size_t value = node.inputs.size() + index;
    if (index + 1 >= node.ops.size() || uses[value] != 1) return nullptr;
    const graph::Op& next = node.ops[index + 1];
    return next.layer == &layer && next.operands.size() == 1 && next.operands[0].index == value ? &next : nullptr;
  }

  /// Plans the op at `index` and what fuses into it; returns how many ops that covers.
  std::size_t plan_op(const graph::Node& node, NodeId id, std::size_t index, const std::vector<std::uint32_t>& uses,
                      std::vector<Operand>& values, NodePlan& node_plan) {
    const graph::Op& op = node.ops[index];
    const std::size_t first_value = node.inputs.size();
    if (only_renames(op.layer->kernel, plan_.mode)) {
      values[first_value + index] = values[op.operands[0].index];
      return 1;
    }
    Step step;
    step.node = id;
    step.kernel = op.layer->kernel;
    step.arguments = op.arguments;
    step.in = graph::value_shape(node, op.operands[0]);
    step.out = op.shape;
    read_operands(step, node, op, values);
    step.parameters = op.parameters;
    step.label = node.name + "." + op.label;
    step.cost = op.cost;

    std::size_t covered = 1;
    const bool has_weights = op.layer->kernel == Kernel::conv || op.layer->kernel == Kernel::dense;
    if (has_weights) {
      // The units of a dense kernel at several places are the last axis, and batch norm's channels the first.
      const bool can_fold = op.layer->kernel == Kernel::conv || op.shape.rank() == 1;
      const graph::Op* norm = can_fold ? sole_reader(node, index, uses, ops::layer("batch_norm")) : nullptr;
      if (norm && passes_.has(Pass::fold_norm)) {
        step.folded_norm = norm->parameters;
        step.folded_eps = norm->arguments.number("eps");
        ++covered;
      }
      if (passes_.has(Pass::fuse_relu) && sole_reader(node, index + covered - 1, uses, ops::layer("relu"))) {
        step.fused_relu = true;
        ++covered;
      }
    }
    if (passes_.has(Pass::fuse_pool) && op.layer->kernel == Kernel::conv) {
      if (const graph::Op* pool = sole_reader(node, index + covered - 1, uses, ops::layer("max_pool"))) {
        step.fused_pool = pool->arguments;
        step.conv_out = step.out;
        step.out = pool->shape;
        ++covered;
      }
    }
    step.result = add_buffer(step.out.elements());
    if (plan_.mode == PlanMode::training) {
      const ops::Extent window = op.arguments.has("kernel") ? op.arguments.extent("kernel") : ops::Extent{};
      const std::int64_t state_bytes = d2nn_train_state_bytes(static_cast<std::uint32_t>(step.kernel),
                                                              step.out.elements(), window.h, window.w);
      if (state_bytes > 0) step.state = add_buffer(ceil_div(state_bytes, std::int64_t{sizeof(float)}));
    }
    for (std::size_t i = 0; i < covered; ++i) values[first_value + index + i] = {false, step.result};
    node_plan.steps.push_back(static_cast<std::uint32_t>(plan_.steps.size()));
    plan_.steps.push_back(std::move(step));
    return covered;
  }

  const graph::Program& program_;
  PassSet passes_;
  paths::Uses uses_;
  Plan plan_;
};

}  // namespace

bool is_batched(const Step& step) {
  return step.kernel == Kernel::dense && step.out.rank() == 1;
}

Plan plan(const graph::Program& program, PlanMode mode, const PassSet& passes) {
  return Planner(program, mode, passes).run();
}

}  // namespace d2nn::passes
