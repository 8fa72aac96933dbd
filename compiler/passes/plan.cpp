// Builds the plan node by node, then places the buffers (plan_memory.h). What is fused is decided here and nowhere
// else.
#include "passes/plan.h"

#include <algorithm>

#include "d2nn/train_state.h"
#include "passes/plan_memory.h"

namespace d2nn::passes {

namespace {

using graph::Join;
using graph::NodeId;
using graph::NodeKind;
using ops::OpKind;

bool only_renames(OpKind kind, PlanMode mode) {
  return kind == OpKind::identity || kind == OpKind::flatten || kind == OpKind::reshape ||
         (kind == OpKind::dropout && mode == PlanMode::inference);
}

class Planner {
 public:
  Planner(const graph::Program& program, PlanMode mode) : program_(program) {
    plan_.mode = mode;
    plan_.conditions = conditions(program);
    plan_.value_of.resize(program.nodes.size());
    const auto inputs = graph::nodes_of(program, NodeKind::input);
    for (std::uint32_t i = 0; i < inputs.size(); ++i) plan_.value_of[inputs[i].index] = Operand{true, i};
  }

  Plan run() {
    for (const NodeId id : schedule()) plan_node(id);
    const auto outputs = graph::nodes_of(program_, NodeKind::output);
    for (std::uint32_t i = 0; i < outputs.size(); ++i) {
      plan_.output_joins.push_back(static_cast<std::uint32_t>(plan_.joins.size()));
      plan_.joins.push_back({outputs[i], 0, true, i});
    }
    plan_memory(program_, plan_);
    return std::move(plan_);
  }

 private:
  /// The order in which nodes run: topological, but the nodes that one action alone activates come right behind their
  /// control node where their inputs are ready, so that a decision's branches stand together in the code.
  std::vector<NodeId> schedule() const {
    const auto activated_by = graph::activations(program_);
    std::vector<bool> done(program_.nodes.size(), false);
    std::vector<NodeId> order;
    const auto has_turn = [&](NodeId id) {
      const NodeKind kind = program_[id].kind;
      return kind == NodeKind::regular || kind == NodeKind::control ||
             (kind == NodeKind::dummy && !plan_.conditions[id.index].is_always());
    };
    const auto inputs_done = [&](const graph::Node& node) {
      return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const graph::NodeInput& input) {
        return std::all_of(input.edges.begin(), input.edges.end(),
                           [&](graph::EdgeId edge) { return done[program_[edge].source.index]; });
      });
    };
    for (const NodeId id : program_.topological_order) {
      if (done[id.index]) continue;
      done[id.index] = true;
      if (has_turn(id)) order.push_back(id);
      if (program_[id].kind != NodeKind::control) continue;
      for (const graph::Action& action : program_[id].actions) {
        for (const NodeId target : action.targets) {
          const bool is_ready = has_turn(target) && !done[target.index] && activated_by[target.index].size() == 1 &&
                                inputs_done(program_[target]);
          if (!is_ready) continue;
          done[target.index] = true;
          order.push_back(target);
        }
      }
    }
    return order;
  }

  std::uint32_t add_buffer(std::int64_t elements) {
    Buffer buffer;
    buffer.elements = elements;
    buffer.stride = plan_.mode == PlanMode::inference ? (elements + 15) / 16 * 16 : elements;
    plan_.buffers.push_back(buffer);
    return static_cast<std::uint32_t>(plan_.buffers.size() - 1);
  }

  /// The tensor that an input of a node reads: the source's own where one edge brings it and nothing has to be chosen.
  Operand plan_input(const graph::Node& node, NodeId id, std::uint32_t index, NodePlan& node_plan) {
    const graph::NodeInput& input = node.inputs[index];
    const graph::Edge& first = program_[input.edges.front()];
    const bool may_take_default = first.fallback && !plan_.conditions[first.source.index].is_always();
    if (input.edges.size() == 1 && !may_take_default && plan_.value_of[first.source.index]) {
      return *plan_.value_of[first.source.index];
    }
    const std::uint32_t buffer = add_buffer(input.shape.elements());
    node_plan.joins.push_back(static_cast<std::uint32_t>(plan_.joins.size()));
    plan_.joins.push_back({id, index, false, buffer});
    return {false, buffer};
  }

  void plan_node(NodeId id) {
    const graph::Node& node = program_[id];
    NodePlan node_plan{id, {}, {}};
    if (node.kind == NodeKind::dummy) {
      plan_.nodes.push_back(std::move(node_plan));
      return;
    }
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
      copy.kind = OpKind::identity;
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
    plan_.nodes.push_back(std::move(node_plan));
  }

  static std::vector<std::uint32_t> count_uses(const graph::Node& node) {
    std::vector<std::uint32_t> uses(node.inputs.size() + node.ops.size(), 0);
    for (const graph::Op& op : node.ops) {
      for (const graph::ValueId operand : op.operands) ++uses[operand.index];
    }
    ++uses[node.result.index];
    return uses;
  }

  /// The op right behind `index` when it alone reads the result of `index` and is of this kind.
  static const graph::Op* sole_reader(const graph::Node& node, std::size_t index,
                                      const std::vector<std::uint32_t>& uses, OpKind kind) {
    const std::size_t value = node.inputs.size() + index;
    if (index + 1 >= node.ops.size() || uses[value] != 1) return nullptr;
    const graph::Op& next = node.ops[index + 1];
    return next.kind == kind && next.operands.size() == 1 && next.operands[0].index == value ? &next : nullptr;
  }

  /// Plans the op at `index` and what fuses into it; returns how many ops that covers.
  std::size_t plan_op(const graph::Node& node, NodeId id, std::size_t index, const std::vector<std::uint32_t>& uses,
                      std::vector<Operand>& values, NodePlan& node_plan) {
    const graph::Op& op = node.ops[index];
    const std::size_t first_value = node.inputs.size();
    if (only_renames(op.kind, plan_.mode)) {
      values[first_value + index] = values[op.operands[0].index];
      return 1;
    }
    Step step;
    step.node = id;
    step.kind = op.kind;
    step.attrs = op.attrs;
    step.in = graph::value_shape(node, op.operands[0]);
    step.out = op.shape;
    for (const graph::ValueId operand : op.operands) {
      step.operands.push_back(values[operand.index]);
      step.operand_elements.push_back(graph::value_shape(node, operand).elements());
    }
    step.parameters = op.parameters;
    step.label = node.name + "." + op.label;
    step.cost = op.cost;

    std::size_t covered = 1;
    const bool has_weights = op.kind == OpKind::conv || op.kind == OpKind::dense;
    if (plan_.mode == PlanMode::inference && has_weights) {
      if (const graph::Op* norm = sole_reader(node, index, uses, OpKind::batch_norm)) {
        step.folded_norm = norm->parameters;
        step.folded_eps = norm->attrs.eps;
        ++covered;
      }
      if (sole_reader(node, index + covered - 1, uses, OpKind::relu)) {
        step.fused_relu = true;
        ++covered;
      }
    }
    if (plan_.mode == PlanMode::inference && op.kind == OpKind::conv) {
      if (const graph::Op* pool = sole_reader(node, index + covered - 1, uses, OpKind::max_pool)) {
        step.fused_pool = pool->attrs;
        step.conv_out = step.out;
        step.out = pool->shape;
        ++covered;
      }
    }
    step.result = add_buffer(step.out.elements());
    if (plan_.mode == PlanMode::training) {
      const std::int64_t state = d2nn_train_state_floats(static_cast<std::uint32_t>(op.kind), step.out.elements(),
                                                         op.attrs.kernel.h, op.attrs.kernel.w);
      if (state > 0) step.state = add_buffer(state);
    }
    for (std::size_t i = 0; i < covered; ++i) values[first_value + index + i] = {false, step.result};
    node_plan.steps.push_back(static_cast<std::uint32_t>(plan_.steps.size()));
    plan_.steps.push_back(std::move(step));
    return covered;
  }

  const graph::Program& program_;
  Plan plan_;
};

}  // namespace

bool is_batched(const Step& step) {
  return step.kind == OpKind::dense;
}

Plan plan(const graph::Program& program, PlanMode mode) {
  return Planner(program, mode).run();
}

}  // namespace d2nn::passes
