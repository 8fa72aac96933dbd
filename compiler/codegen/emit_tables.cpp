#include "codegen/emit_tables.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/Function.h>

#include <algorithm>

#include "codegen/products.h"
#include "d2nn/module.h"
#include "d2nn/rounding.h"
#include "graph/print.h"

namespace d2nn::codegen {

namespace {

using graph::NodeId;
using graph::NodeKind;
using ops::Kernel;

static_assert(static_cast<int>(Kernel::expression) == D2NN_OP_EXPRESSION && ops::kernel_count == D2NN_OP_KINDS,
              "module.h lists the kernels in the order of ops::Kernel");
static_assert(static_cast<int>(ops::Start::normal) == D2NN_START_NORMAL,
              "module.h lists the ways to start in the order of ops::Start");
static_assert(static_cast<int>(ops::ElementType::f32) == D2NN_ELEMENT_F32, "element types have the numbers of d2nn.h");
static_assert(static_cast<int>(graph::Join::last) == D2NN_JOIN_LAST, "module.h lists the joins in the graph's order");

/// A plan counts in f32, a module in bytes.
constexpr std::int64_t float_bytes = sizeof(float);

class TableEmitter {
 public:
  TableEmitter(llvm::Module& module, const TableRequest& request)
      : tables_(module), request_(request), program_(*request.program), layout_(*request.inference) {}

  llvm::Constant* emit() {
    d2nn_module m{};
    m.layout = D2NN_MODULE_LAYOUT;
    m.abi_version = D2NN_ABI_VERSION;
    m.least_cost = request_.analysis->least_cost;
    m.greatest_cost = request_.analysis->greatest_cost;
    m.node_count = layout_.node_count;
    m.flag_count = layout_.flag_count;
    m.tile_rows = layout_.plan->tile_rows;
    m.arena_bytes = layout_.plan->arena_floats * float_bytes;
    m.scratch_bytes = (layout_.kernel_scratch_floats + layout_.plan->row_local_floats) * float_bytes;
    m.embedded_size = request_.weights.size();
    const auto inputs = tensors(NodeKind::input, m.input_count);
    const auto outputs = tensors(NodeKind::output, m.output_count);
    const auto parameters = emit_parameters(m);
    const auto ops = emit_ops(layout_, request_.kernels, m.op_count);
    const auto buffers = emit_buffers(*layout_.plan, m.buffer_count);
    const auto joins = emit_joins(layout_, m.join_count);
    const auto controls = emit_controls(m.control_count);
    Image image;
    image.append(m, {{offsetof(d2nn_module, name), tables_.string(program_.name)},
                     {offsetof(d2nn_module, doc), tables_.string(program_.doc)},
                     {offsetof(d2nn_module, compiler_version), tables_.string(request_.compiler_version)},
                     {offsetof(d2nn_module, target_cpu), tables_.string(request_.target_cpu)},
                     {offsetof(d2nn_module, target_features), tables_.string(request_.target_features)},
                     {offsetof(d2nn_module, path_count), tables_.string(request_.analysis->path_count)},
                     {offsetof(d2nn_module, manifest), tables_.string(request_.manifest)},
                     {offsetof(d2nn_module, inputs), inputs},
                     {offsetof(d2nn_module, outputs), outputs},
                     {offsetof(d2nn_module, nodes), emit_nodes()},
                     {offsetof(d2nn_module, controls), controls},
                     {offsetof(d2nn_module, parameters), parameters},
                     {offsetof(d2nn_module, ops), ops},
                     {offsetof(d2nn_module, buffers), buffers},
                     {offsetof(d2nn_module, joins), joins},
                     {offsetof(d2nn_module, forward_one), request_.forward_one},
                     {offsetof(d2nn_module, forward_tile), request_.forward_tile},
                     {offsetof(d2nn_module, train), emit_train()},
                     {offsetof(d2nn_module, train_spec), emit_train_spec()},
                     {offsetof(d2nn_module, remaining_costs), emit_remaining_costs()},
                     {offsetof(d2nn_module, embedded_weights), tables_.bytes(request_.weights, "weights")}});
    return tables_.image(image, program_.name + ".module");
  }

 private:
  llvm::Constant* emit_remaining_costs() {
    if (request_.remaining_costs == nullptr) return nullptr;
    const paths::RemainingCosts& costs = *request_.remaining_costs;
    Image steps, tops;
    for (const paths::RemainingCosts::Step& step : costs.steps) {
      steps.append(d2nn_cost_step{step.control, step.shift, step.when_no, step.when_yes});
    }
    for (const std::int32_t top : costs.tops) tops.append(top);
    Image image;
    image.append(d2nn_remaining_costs{}, {{offsetof(d2nn_remaining_costs, steps), tables_.image(steps, "cost_steps")},
                                          {offsetof(d2nn_remaining_costs, values), tables_.integers(costs.values)},
                                          {offsetof(d2nn_remaining_costs, tops), tables_.image(tops, "cost_tops")}});
    return tables_.image(image, "remaining_costs");
  }

  /// Without its pointers.
  static d2nn_tensor_info tensor_info(const ops::Shape& shape) {
    d2nn_tensor_info info{};
    info.rank = shape.rank();
    info.elements = shape.elements();
    info.size_bytes = shape.size_bytes();
    info.element_type = static_cast<d2nn_element_type>(shape.element_type);
    return info;
  }

  void append_tensor(Image& image, const std::string& name, const std::string& doc, const ops::Shape& shape) {
    const d2nn_tensor_info info = tensor_info(shape);
    image.append(info, {{offsetof(d2nn_tensor_info, name), tables_.string(name)},
                        {offsetof(d2nn_tensor_info, doc), tables_.string(doc)},
                        {offsetof(d2nn_tensor_info, dims), tables_.integers(shape.dims)}});
  }

  llvm::Constant* tensors(NodeKind kind, std::uint32_t& count) {
    Image image;
    for (const NodeId id : graph::nodes_of(program_, kind)) {
      append_tensor(image, program_[id].name, program_[id].doc, program_[id].shape);
      ++count;
    }
    return tables_.image(image, "tensors");
  }

  llvm::Constant* emit_nodes() {
    Image image;
    for (const passes::NodePlan& plan : layout_.plan->nodes) {
      const graph::Node& node = program_[plan.node];
      if (node.kind == NodeKind::dummy) continue;
      d2nn_node entry{};
      entry.kind = node.kind == NodeKind::control ? D2NN_NODE_CONTROL : D2NN_NODE_REGULAR;
      entry.cost = node.cost;
      image.append(entry, {{offsetof(d2nn_node, name), tables_.string(node.name)},
                           {offsetof(d2nn_node, doc), tables_.string(node.doc)}});
    }
    return tables_.image(image, "nodes");
  }

  llvm::Constant* emit_controls(std::uint32_t& count) {
    Image image;
    for (const NodeId id : graph::nodes_of(program_, NodeKind::control)) {
      Image actions;
      for (const graph::Action& action : program_[id].actions) {
        std::vector<std::uint32_t> targets;
        for (const NodeId target : action.targets) {
          // A dummy that always executes has no flag: nothing observable depends on the action.
          if (layout_.flags[target.index] != D2NN_NO_INDEX) targets.push_back(layout_.flags[target.index]);
        }
        d2nn_action entry{};
        entry.target_count = static_cast<std::uint32_t>(targets.size());
        actions.append(entry, {{offsetof(d2nn_action, name), tables_.string(action.name)},
                               {offsetof(d2nn_action, targets), tables_.integers(targets)}});
      }
      d2nn_control entry{};
      entry.node = layout_.flags[id.index];
      entry.action_count = static_cast<std::uint32_t>(program_[id].actions.size());
      image.append(entry, {{offsetof(d2nn_control, actions), tables_.image(actions, "actions")}});
      ++count;
    }
    return tables_.image(image, "controls");
  }

  llvm::Constant* emit_parameters(d2nn_module& m) {
    std::vector<std::uint32_t> owner(program_.parameters.size(), D2NN_NO_INDEX);
    for (std::uint32_t n = 0; n < program_.nodes.size(); ++n) {
      for (const graph::Op& op : program_.nodes[n].ops) {
        for (const graph::ParamId param : op.parameters) owner[param.index] = layout_.flags[n];
      }
    }
    Image image;
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < program_.parameters.size(); ++i) {
      const graph::Parameter& parameter = program_.parameters[i];
      d2nn_parameter entry{};
      entry.tensor = tensor_info(parameter.shape);
      entry.start = static_cast<std::uint32_t>(parameter.start);
      entry.is_trained = parameter.is_trained ? 1 : 0;
      entry.decays = parameter.decays ? 1 : 0;
      entry.is_variance = parameter.is_variance ? 1 : 0;
      entry.deviation = parameter.deviation;
      entry.node = owner[i];
      entry.fan_in = parameter.fan_in;
      entry.offset = offset;
      // Each tensor begins on a cache line, so that threads and vector loads meet no neighbour's values.
      offset += round_up(parameter.shape.elements(), alignment_floats);
      constexpr std::size_t tensor = offsetof(d2nn_parameter, tensor);
      image.append(entry, {{tensor + offsetof(d2nn_tensor_info, name), tables_.string(parameter.name)},
                           {tensor + offsetof(d2nn_tensor_info, doc), tables_.string("")},
                           {tensor + offsetof(d2nn_tensor_info, dims), tables_.integers(parameter.shape.dims)}});
    }
    m.parameter_count = static_cast<std::uint32_t>(program_.parameters.size());
    m.parameter_floats = offset;
    return tables_.image(image, "parameters");
  }

  static void set_parameters(std::uint32_t (&slots)[4], const std::vector<graph::ParamId>& parameters) {
    std::fill(std::begin(slots), std::end(slots), D2NN_NO_INDEX);
    for (std::size_t i = 0; i < parameters.size(); ++i) slots[i] = parameters[i].index;
  }

  llvm::Constant* floats(const std::vector<double>& values) {
    const std::vector<float> narrow(values.begin(), values.end());
    return tables_.floats(narrow);
  }

  llvm::Constant* emit_ops(const NetworkLayout& layout, const std::vector<KernelChoice>* kernels,
                           std::uint32_t& count) {
    Image image;
    const passes::Plan& plan = *layout.plan;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      const passes::Step& step = plan.steps[i];
      const KernelProblem problem = kernels ? (*kernels)[i].problem : kernel_problem(step);
      d2nn_op op{};
      op.kind = static_cast<std::uint32_t>(step.kernel);
      op.node = layout.flags[step.node.index];
      op.in_c = problem.in_c;
      op.in_h = problem.in_h;
      op.in_w = problem.in_w;
      op.out_c = problem.out_c;
      op.out_h = problem.out_h;
      op.out_w = problem.out_w;
      op.kernel_h = problem.kernel_h;
      op.kernel_w = problem.kernel_w;
      op.stride_h = problem.stride_h;
      op.stride_w = problem.stride_w;
      op.pad_h = problem.pad_h;
      op.pad_w = problem.pad_w;
      op.dilation_h = problem.dilation_h;
      op.dilation_w = problem.dilation_w;
      op.groups = problem.groups;
      op.is_causal = step.arguments.has("causal") && step.arguments.boolean("causal") ? 1 : 0;
      const std::vector<std::int64_t> axes = product_axes(step);
      op.axis_count = static_cast<std::uint32_t>(axes.size() / 3);
      const auto number = [&](const char* name) {
        return step.arguments.has(name) ? static_cast<float>(step.arguments.number(name)) : 0.0F;
      };
      for (const char* name : {"eps", "p"}) {
        if (step.arguments.has(name)) op.alpha = number(name);
      }
      op.momentum = number("momentum");
      set_parameters(op.params, step.parameters);
      set_parameters(op.fold_params, {});
      if (const auto* norm = passes::stage_of<passes::FoldedNorm>(step)) {
        set_parameters(op.fold_params, norm->parameters);
        op.fold_eps = static_cast<float>(norm->eps);
      }
      if (kernels) {
        op.pack = (*kernels)[i].pack.pack;
        op.pack_block = (*kernels)[i].pack.block;
      }
      op.fused_relu = kernels && (*kernels)[i].library_applies_relu ? 1 : 0;
      op.cost = step.cost;
      std::vector<std::uint32_t> operands;
      for (const passes::Operand operand : step.operands)
        operands.push_back(operand.index + (operand.is_input ? D2NN_INPUT_OPERAND : 0));
      op.operand_count = static_cast<std::uint32_t>(operands.size());
      op.result = step.result;
      TrainExpression expression;
      if (kernels == nullptr) expression = (*request_.train_expressions)[i];
      op.expression_scratch = expression.scratch_floats;
      op.state = step.state.value_or(D2NN_NO_INDEX);
      image.append(op, {{offsetof(d2nn_op, label), tables_.string(step.label)},
                        {offsetof(d2nn_op, mean),
                         step.kernel == Kernel::normalize ? floats(step.arguments.numbers("mean")) : nullptr},
                        {offsetof(d2nn_op, std),
                         step.kernel == Kernel::normalize ? floats(step.arguments.numbers("std")) : nullptr},
                        {offsetof(d2nn_op, axes), tables_.integers(axes)},
                        {offsetof(d2nn_op, expression_forward), expression.forward},
                        {offsetof(d2nn_op, expression_backward), expression.backward},
                        {offsetof(d2nn_op, operands), tables_.integers(operands)}});
    }
    count = static_cast<std::uint32_t>(plan.steps.size());
    return tables_.image(image, "ops");
  }

  llvm::Constant* emit_buffers(const passes::Plan& plan, std::uint32_t& count) {
    Image image;
    for (const passes::Buffer& buffer : plan.buffers) {
      d2nn_buffer entry{};
      entry.offset_bytes = buffer.offset * float_bytes;
      entry.row_bytes = buffer.stride * float_bytes;
      entry.elements = buffer.shape.elements();
      entry.gradient_offset_bytes = buffer.gradient_offset < 0 ? -1 : buffer.gradient_offset * float_bytes;
      entry.element_type = D2NN_ELEMENT_F32;
      entry.gradient_accumulates = buffer.gradient_accumulates ? 1 : 0;
      image.append(entry);
    }
    count = static_cast<std::uint32_t>(plan.buffers.size());
    return tables_.image(image, "buffers");
  }

  llvm::Constant* emit_joins(const NetworkLayout& layout, std::uint32_t& count) {
    Image image;
    for (const passes::JoinStep& step : layout.plan->joins) {
      const graph::NodeInput& input = program_[step.node].inputs[step.input];
      Image edges;
      for (const passes::JoinEdge& edge : step.edges)
        append_edge(edges, layout, program_[edge.edge], edge.takes_default);
      d2nn_join entry{};
      entry.kind = static_cast<std::uint32_t>(step.kind);
      entry.is_output = step.is_output ? 1 : 0;
      entry.target = step.target;
      entry.edge_count = static_cast<std::uint32_t>(step.edges.size());
      entry.elements = input.shape.elements();
      image.append(entry, {{offsetof(d2nn_join, edges), tables_.image(edges, "edges")}});
    }
    count = static_cast<std::uint32_t>(layout.plan->joins.size());
    return tables_.image(image, "joins");
  }

  void append_edge(Image& edges, const NetworkLayout& layout, const graph::Edge& edge, bool takes_default) {
    const graph::Node& source = program_[edge.source];
    d2nn_join_edge entry{};
    const auto& value = layout.plan->value_of[edge.source.index];
    entry.source = value ? value->index + (value->is_input ? D2NN_INPUT_OPERAND : 0) : D2NN_NO_INDEX;
    const bool can_be_skipped = !layout.plan->conditions[edge.source.index].is_always();
    entry.source_flag = can_be_skipped ? layout.flags[edge.source.index] : D2NN_NO_INDEX;
    entry.elements = source.shape.elements();
    llvm::Constant* fallback = nullptr;
    if (takes_default && can_be_skipped) {
      entry.fallback_elements = static_cast<std::int64_t>(edge.fallback->size());
      fallback = tables_.floats(*edge.fallback);
    }
    edges.append(entry, {{offsetof(d2nn_join_edge, constant),
                          source.kind == NodeKind::dummy ? tables_.floats(source.dummy_value) : nullptr},
                         {offsetof(d2nn_join_edge, fallback), fallback}});
  }

  llvm::Constant* emit_train() {
    if (!request_.training) return nullptr;
    const NetworkLayout& layout = *request_.training;
    const passes::Plan& plan = *layout.plan;
    d2nn_train_code code{};
    code.arena_bytes = plan.arena_floats * float_bytes;
    code.gradient_bytes = plan.gradient_floats * float_bytes;
    const auto ops = emit_ops(layout, nullptr, code.op_count);
    const auto buffers = emit_buffers(plan, code.buffer_count);
    const auto joins = emit_joins(layout, code.join_count);
    std::vector<std::uint32_t> control_buffers;
    for (const NodeId id : graph::nodes_of(program_, NodeKind::control))
      control_buffers.push_back(plan.value_of[id.index]->index);
    Image image;
    image.append(code, {{offsetof(d2nn_train_code, ops), ops},
                        {offsetof(d2nn_train_code, buffers), buffers},
                        {offsetof(d2nn_train_code, joins), joins},
                        {offsetof(d2nn_train_code, output_joins), tables_.integers(plan.output_joins)},
                        {offsetof(d2nn_train_code, control_buffers), tables_.integers(control_buffers)},
                        {offsetof(d2nn_train_code, forward), request_.train_forward},
                        {offsetof(d2nn_train_code, backward), request_.train_backward}});
    return tables_.image(image, "train");
  }

  llvm::Constant* emit_train_spec() {
    if (!program_.train) return nullptr;
    const graph::TrainSpec& spec = *program_.train;
    const std::vector<NodeId> outputs = graph::nodes_of(program_, NodeKind::output);
    const auto index_of = [&](NodeId output) {
      return static_cast<std::uint32_t>(std::find(outputs.begin(), outputs.end(), output) - outputs.begin());
    };
    Image settings;
    d2nn_train_spec entry{};
    const auto add = [&](TrainSettingId id, std::uint32_t output, const TrainSettingValue& value) {
      d2nn_train_setting setting{static_cast<std::uint32_t>(id), output, {}};
      std::copy(value.numbers.begin(), value.numbers.end(), setting.numbers);
      settings.append(setting);
      ++entry.setting_count;
    };
    for (const graph::OutputLoss& loss : spec.losses)
      add(TrainSettingId::loss, index_of(loss.output), {{static_cast<double>(loss.kind), loss.weight}});
    if (spec.metric) {
      add(TrainSettingId::metric, D2NN_NO_INDEX,
          {{static_cast<double>(spec.metric->kind), static_cast<double>(spec.metric->positive)}});
    }
    for (const graph::TrainSetting& setting : spec.settings) add(setting.id, D2NN_NO_INDEX, setting.value);
    Image reward;
    for (const graph::RewardStep& step : spec.reward) {
      d2nn_reward_step code{static_cast<std::uint32_t>(step.code), D2NN_NO_INDEX, step.number};
      if (step.output.is_valid()) code.output = index_of(step.output);
      reward.append(code);
    }
    entry.reward_count = static_cast<std::uint32_t>(spec.reward.size());
    Image image;
    image.append(entry, {{offsetof(d2nn_train_spec, settings), tables_.image(settings, "train_settings")},
                         {offsetof(d2nn_train_spec, reward), tables_.image(reward, "reward")},
                         {offsetof(d2nn_train_spec, reward_text), tables_.string(graph::reward_text(program_))}});
    return tables_.image(image, "train_spec");
  }

  ConstantTables tables_;
  const TableRequest& request_;
  const graph::Program& program_;
  const NetworkLayout& layout_;
};

}  // namespace

llvm::Constant* emit_module_table(llvm::Module& module, const TableRequest& request) {
  return TableEmitter(module, request).emit();
}

}  // namespace d2nn::codegen
