#include "passes/lower.h"

#include <algorithm>

#include "d2nn/rounding.h"
#include "d2nn/train_state.h"
#include "passes/plan_memory.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

namespace {

using graph::NodeId;
using graph::NodeKind;
using ops::Kernel;

bool only_renames(Kernel kernel, PlanMode mode) {
  return kernel == Kernel::copy || (kernel == Kernel::dropout && mode == PlanMode::inference);
}

class Lowering {
 public:
  Lowering(const graph::Program& program, PlanMode mode) : program_(program) {
    plan_.mode = mode;
    plan_.conditions = conditions(program);
    plan_.never_executes.assign(program.nodes.size(), false);
    plan_.needs.resize(program.nodes.size());
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
      if (program.nodes[i].fixed_action) plan_.needs[i].when = paths::Need::When::never;
    }
    plan_.value_of.resize(program.nodes.size());
    const auto inputs = graph::nodes_of(program, NodeKind::input);
    for (std::uint32_t i = 0; i < inputs.size(); ++i) plan_.value_of[inputs[i].index] = Operand{true, i};
  }

  Plan run() {
    order_schedule(program_, plan_);
    for (const ScheduleEntry& entry : plan_.schedule) {
      if (entry.computes) lower_node(plan_.nodes[entry.node]);
    }
    const auto outputs = graph::nodes_of(program_, NodeKind::output);
    for (std::uint32_t i = 0; i < outputs.size(); ++i) {
      plan_.output_joins.push_back(add_join({outputs[i], 0, true, i}, program_[outputs[i]].inputs[0]));
    }
    if (plan_.mode == PlanMode::training) {
      place_for_training(program_, plan_);
    } else {
      place_apart(plan_);
    }
    return std::move(plan_);
  }

 private:
  std::uint32_t add_join(JoinStep join, const graph::NodeInput& input) {
    join.kind = input.join;
    for (const graph::EdgeId edge : input.edges) join.edges.push_back({edge, program_[edge].fallback.has_value()});
    plan_.joins.push_back(std::move(join));
    return static_cast<std::uint32_t>(plan_.joins.size() - 1);
  }

  std::uint32_t add_buffer(const ops::Shape& shape) {
    Buffer buffer;
    buffer.shape = shape;
    const std::int64_t elements = shape.elements();
    buffer.stride = plan_.mode == PlanMode::inference ? round_up(elements, alignment_floats) : elements;
    plan_.buffers.push_back(std::move(buffer));
    return static_cast<std::uint32_t>(plan_.buffers.size() - 1);
  }

  /// The source's own tensor where one edge brings it and never its default value; else a tensor that a join makes.
  Operand lower_input(NodePlan& plan, std::uint32_t index) {
    const graph::NodeInput& input = program_[plan.node].inputs[index];
    if (input.edges.size() == 1) {
      const graph::Edge& edge = program_[input.edges[0]];
      const bool takes_default = edge.fallback && !plan_.conditions[edge.source.index].is_always();
      const std::optional<Operand>& value = plan_.value_of[edge.source.index];
      if (value && !takes_default) return *value;
    }
    const std::uint32_t buffer = add_buffer(input.shape);
    plan.joins.push_back(add_join({plan.node, index, false, buffer}, input));
    return {false, buffer};
  }

  void lower_node(NodePlan& plan) {
    const graph::Node& node = program_[plan.node];
    std::vector<Operand> values;  // by ValueId
    for (std::uint32_t i = 0; i < node.inputs.size(); ++i) values.push_back(lower_input(plan, i));
    for (const graph::Op& op : node.ops) values.push_back(lower_op(plan, op, values));
    const Operand result = values[node.result.index];
    const bool is_own = !result.is_input && std::any_of(plan.steps.begin(), plan.steps.end(), [&](std::uint32_t step) {
      return plan_.steps[step].result == result.index;
    });
    // A node that passes a tensor on unchanged still owns its value: edges tell "skipped" by the node, not by the
    // tensor.
    plan_.value_of[plan.node.index] = is_own ? result : copy_of(plan, result);
  }

  Operand copy_of(NodePlan& plan, const Operand& value) {
    const graph::Node& node = program_[plan.node];
    Step copy;
    copy.node = plan.node;
    copy.kernel = Kernel::copy;
    copy.in = copy.kernel_out = copy.out = node.shape;
    copy.operands = {value};
    copy.operand_elements = {node.shape.elements()};
    copy.label = node.name + ".copy";
    return add_step(plan, std::move(copy));
  }

  Operand lower_op(NodePlan& plan, const graph::Op& op, const std::vector<Operand>& values) {
    const Kernel kernel = op.layer->kernel;
    if (only_renames(kernel, plan_.mode)) return values[op.operands[0].index];
    const graph::Node& node = program_[plan.node];
    Step step;
    step.node = plan.node;
    step.kernel = kernel;
    step.layer = op.layer;
    step.arguments = op.arguments;
    step.in = op.operands.empty() ? op.shape : graph::value_shape(node, op.operands[0]);
    step.kernel_out = step.out = op.shape;
    read_operands(step, node, op, values);
    step.parameters = op.parameters;
    step.label = node.name + "." + op.label;
    step.cost = op.cost;
    return add_step(plan, std::move(step));
  }

  Operand add_step(NodePlan& plan, Step step) {
    step.result = add_buffer(step.out);
    if (plan_.mode == PlanMode::training) {
      const ops::Extent window = step.arguments.has("kernel") ? step.arguments.extent("kernel") : ops::Extent{};
      const std::int64_t state_bytes =
          d2nn_train_state_bytes(static_cast<std::uint32_t>(step.kernel), step.out.elements(), window.h, window.w);
      if (state_bytes > 0) {
        step.state = add_buffer(ops::Shape{ceil_div(state_bytes, std::int64_t{sizeof(float)})});
      }
    }
    const Operand result{false, step.result};
    plan.steps.push_back(static_cast<std::uint32_t>(plan_.steps.size()));
    plan_.steps.push_back(std::move(step));
    return result;
  }

  /// Lists what an op reads and, where it is an expression, what it computes from that.
  void read_operands(Step& step, const graph::Node& node, const graph::Op& op,
                     const std::vector<Operand>& values) const {
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
    if (step.kernel != Kernel::expression) return;
    step.expression = ops::meaning(*op.layer, op.arguments, shapes, numbers);
    if (plan_.mode == PlanMode::inference) step.expression = expr::without_detach(step.expression);
  }

  const graph::Program& program_;
  Plan plan_;
};

}  // namespace

Plan lower(const graph::Program& program, PlanMode mode) {
  return Lowering(program, mode).run();
}

}  // namespace d2nn::passes
