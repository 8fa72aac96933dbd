#include "passes/verify.h"

#include <algorithm>

#include "expr/recognise.h"
#include "passes/plan_memory.h"

namespace d2nn::passes {

namespace {

using graph::NodeId;
using graph::NodeKind;
using ops::Kernel;
using paths::Need;

std::string buffer_name(std::uint32_t index) {
  return "%" + std::to_string(index);
}

class Verifier {
 public:
  Verifier(const graph::Program& program, const Plan& plan)
      : program_(program),
        plan_(plan),
        is_settled_(program.nodes.size(), false),
        is_computed_(program.nodes.size(), false),
        is_written_(plan.buffers.size(), false) {}

  std::vector<std::string> run() {
    if (!check_numbers()) return std::move(faults_);
    for (const ScheduleEntry& entry : plan_.schedule) check_entry(entry);
    for (const NodePlan& node : plan_.nodes) check_entries_of(node.node);
    for (const std::uint32_t join : plan_.output_joins) check_join(plan_.joins[join]);
    if (!faults_.empty()) return std::move(faults_);
    if (plan_.mode == PlanMode::inference) return check_places(program_, plan_);
    check_training_places();
    return std::move(faults_);
  }

 private:
  void fault(std::string text) { faults_.push_back(std::move(text)); }
  const std::string& name(NodeId id) const { return program_[id].name; }

  /// Everything that is numbered exists; the rest relies on it.
  bool check_numbers() {
    const std::size_t nodes = program_.nodes.size();
    if (plan_.conditions.size() != nodes || plan_.never_executes.size() != nodes || plan_.needs.size() != nodes ||
        plan_.value_of.size() != nodes) {
      fault("a list by node has another length than the list of nodes");
      return false;
    }
    const auto check = [&](bool exists, const std::string& what) {
      if (!exists) fault(what + " does not exist");
    };
    const auto is_operand = [&](const Operand& operand) {
      return operand.index <
             (operand.is_input ? graph::nodes_of(program_, NodeKind::input).size() : plan_.buffers.size());
    };
    for (const ScheduleEntry& entry : plan_.schedule) check(entry.node < plan_.nodes.size(), "the node of an entry");
    for (const NodePlan& node : plan_.nodes) {
      for (const std::uint32_t join : node.joins) check(join < plan_.joins.size(), "a join of " + name(node.node));
      for (const std::uint32_t step : node.steps) check(step < plan_.steps.size(), "a step of " + name(node.node));
    }
    for (const std::uint32_t join : plan_.output_joins) check(join < plan_.joins.size(), "the join of an output");
    for (const JoinStep& join : plan_.joins) {
      check(join.is_output || join.target < plan_.buffers.size(), "the target of a join into " + name(join.node));
      check(join.input < program_[join.node].inputs.size(), "the input of a join into " + name(join.node));
    }
    for (const Step& step : plan_.steps) {
      check(std::all_of(step.operands.begin(), step.operands.end(), is_operand), "an operand of " + step.label);
      check(step.result < plan_.buffers.size(), "the result of " + step.label);
      check(!step.state || *step.state < plan_.buffers.size(), "the state of " + step.label);
    }
    for (const std::optional<Operand>& value : plan_.value_of) check(!value || is_operand(*value), "a node's value");
    return faults_.empty();
  }

  /// Known when the entry comes: inputs, and nodes that were settled or never execute.
  bool is_known(NodeId id) const {
    return is_settled_[id.index] || plan_.never_executes[id.index] || program_[id].kind == NodeKind::input;
  }

  void check_entry(const ScheduleEntry& entry) {
    const NodePlan& node = plan_.nodes[entry.node];
    if (entry.settles) settle(node.node);
    if (!entry.computes) return;
    compute(node);
  }

  void settle(NodeId id) {
    if (is_settled_[id.index]) fault(name(id) + " is settled twice");
    for (const Clause& clause : plan_.conditions[id.index].clauses) {
      for (const Literal& literal : clause) {
        const auto* took = std::get_if<Took>(&literal);
        const NodeId asked = took ? took->control : std::get<Executed>(literal).node;
        if (!is_known(asked)) fault("the condition of " + name(id) + " reads " + name(asked) + ", settled later");
      }
    }
    is_settled_[id.index] = true;
  }

  void compute(const NodePlan& node) {
    const NodeId id = node.node;
    if (is_computed_[id.index]) fault(name(id) + " is computed twice");
    if (!is_known(id)) fault(name(id) + " is computed before it is settled");
    for (const paths::DecisionStep& step : plan_.needs[id.index].steps) {
      if (!is_known(step.control)) fault("the need of " + name(id) + " asks " + name(step.control) + ", settled later");
    }
    for (const std::uint32_t join : node.joins) check_join(plan_.joins[join]);
    for (const std::uint32_t step : node.steps) check_step(plan_.steps[step]);
    is_computed_[id.index] = true;
    const std::optional<Operand>& value = plan_.value_of[id.index];
    const bool is_own = value && !value->is_input && std::any_of(node.steps.begin(), node.steps.end(), [&](auto step) {
                          return plan_.steps[step].result == value->index;
                        });
    if (!is_own) fault("no step of " + name(id) + " writes its value");
  }

  void check_entries_of(NodeId id) {
    const bool is_needed = plan_.needs[id.index].when != Need::When::never && program_[id].kind != NodeKind::dummy;
    if (is_settled_[id.index] == plan_.never_executes[id.index]) {
      fault(name(id) + (is_settled_[id.index] ? " never executes and is settled" : " is never settled"));
    }
    if (is_computed_[id.index] != is_needed) {
      fault(name(id) + (is_needed ? " is needed and never computed" : " is computed and never needed"));
    }
  }

  void read(const Operand& operand, const std::string& reader) {
    if (!operand.is_input && !is_written_[operand.index]) {
      fault(reader + " reads " + buffer_name(operand.index) + " before it is written");
    }
  }
  void write(std::uint32_t buffer, const std::string& writer) {
    if (is_written_[buffer]) fault(writer + " writes " + buffer_name(buffer) + ", which another wrote");
    is_written_[buffer] = true;
  }

  void check_join(const JoinStep& join) {
    const std::string what = "the join into " + name(join.node);
    if (join.edges.empty() || (join.kind == graph::Join::none && join.edges.size() != 1)) {
      fault(what + " has " + std::to_string(join.edges.size()) + " edges");
    }
    for (const JoinEdge& edge : join.edges) {
      if (const auto& value = plan_.value_of[program_[edge.edge].source.index]) read(*value, what);
    }
    if (join.is_output) return;
    const ops::Shape& shape = program_[join.node].inputs[join.input].shape;
    if (plan_.buffers[join.target].shape != shape) fault(what + " makes another shape than " + shape.to_string());
    write(join.target, what);
  }

  ops::Shape shape_of(const Operand& operand) const {
    if (!operand.is_input) return plan_.buffers[operand.index].shape;
    return program_[graph::nodes_of(program_, NodeKind::input)[operand.index]].shape;
  }

  void check_step(const Step& step) {
    const bool may_read_nothing = step.kernel == Kernel::expression && step.expression.operand_count() == 0;
    if ((step.operands.empty() && !may_read_nothing) || step.operands.size() != step.operand_elements.size()) {
      fault(step.label + " has no operands, or not as many sizes");
      return;
    }
    for (std::size_t i = 0; i < step.operands.size(); ++i) {
      read(step.operands[i], step.label);
      if (shape_of(step.operands[i]).elements() != step.operand_elements[i]) {
        fault("operand " + std::to_string(i) + " of " + step.label + " has another size");
      }
    }
    if (!step.operands.empty() && step.operand_elements[0] != step.in.elements())
      fault(step.label + " reads another shape than its operand's");
    if (step.kernel == Kernel::expression) check_expression(step);
    check_stages(step);
    if (plan_.buffers[step.result].shape.elements() != step.out.elements()) {
      fault(step.label + " makes another shape than its result's");
    }
    write(step.result, step.label);
    if (step.state) write(*step.state, step.label);
  }

  void check_expression(const Step& step) {
    if (const std::string wrong = expr::verify(step.expression); !wrong.empty()) fault(step.label + ": " + wrong);
    if (step.expression.operand_count() > step.operands.size()) fault(step.label + " reads operands that it has not");
    for (const expr::TermInfo& term : step.expression.terms) {
      if (term.primitive != expr::Primitive::operand || term.index >= step.operands.size()) continue;
      if (expr::elements(term.dims) == step.operand_elements[term.index]) continue;
      fault("the expression of " + step.label + " reads operand " + std::to_string(term.index) + " under another size");
    }
    if (step.expression.results.size() != 1 ||
        expr::elements(step.expression[step.expression.results[0]].dims) != step.kernel_out.elements()) {
      fault("the expression of " + step.label + " makes another size");
    }
  }

  void check_stages(const Step& step) {
    if (!step.stages.empty() && step.kernel != Kernel::conv && step.kernel != Kernel::dense &&
        step.kernel != Kernel::matmul) {
      fault(step.label + " is no conv, dense or matmul and has stages");
    }
    ops::Shape shape = step.kernel_out;
    std::size_t operands = layer_operands(step);
    std::size_t least = 0;  // a norm is 0, a pointwise stage 1, a pool 2
    for (const Stage& stage : step.stages) {
      if (stage.kind.index() < least) fault("the stages of " + step.label + " stand in the wrong order");
      least = stage.kind.index() + (std::holds_alternative<Pointwise>(stage.kind) ? 0 : 1);
      if (const auto* norm = std::get_if<FoldedNorm>(&stage.kind)) {
        const bool fits = norm->parameters.size() == 4 &&
                          std::all_of(norm->parameters.begin(), norm->parameters.end(), [&](graph::ParamId id) {
                            return program_[id].shape.elements() == shape.dims[0];
                          });
        if (!fits) fault("the norm folded into " + step.label + " has not a value for each channel");
      } else if (const auto* pointwise = std::get_if<Pointwise>(&stage.kind)) {
        check_pointwise(step, *pointwise, shape, operands);
      } else {
        const auto& pool = std::get<Pool>(stage.kind);
        const ops::ShapeResult pooled = ops::infer_shape(ops::layer("max_pool"), pool.arguments, std::span(&shape, 1));
        if (!pooled.shape) {
          fault("the pool of " + step.label + " does not fit " + shape.to_string());
        } else {
          shape = *pooled.shape;
        }
      }
    }
    if (shape.elements() != step.out.elements()) fault("the stages of " + step.label + " make " + shape.to_string());
    if (operands != step.operands.size()) fault(step.label + " has operands that neither it nor its stages read");
  }

  /// `operands`: those before the stage's.
  void check_pointwise(const Step& step, const Pointwise& stage, const ops::Shape& shape, std::size_t& operands) {
    if (!expr::verify(stage.expression).empty() || !expr::is_placewise(stage.expression)) {
      fault("a stage of " + step.label + " is not pointwise in what it follows");
      return;
    }
    const std::size_t more = stage.expression.operand_count() - 1;
    if (stage.first_operand != operands || operands + more > step.operands.size()) {
      fault("a stage of " + step.label + " reads operands of others");
      return;
    }
    const bool have_its_size = std::all_of(step.operand_elements.begin() + static_cast<std::ptrdiff_t>(operands),
                                           step.operand_elements.begin() + static_cast<std::ptrdiff_t>(operands + more),
                                           [&](std::int64_t elements) { return elements == shape.elements(); });
    const expr::Dims& dims = stage.expression[stage.expression.results[0]].dims;
    if (!have_its_size || expr::elements(dims) != shape.elements()) {
      fault("a stage of " + step.label + " reads or makes another size than that of what it follows");
    }
    operands += more;
  }

  void check_training_places() {
    std::vector<const Buffer*> in_order;
    for (const Buffer& buffer : plan_.buffers) in_order.push_back(&buffer);
    std::sort(in_order.begin(), in_order.end(), [](auto* a, auto* b) { return a->offset < b->offset; });
    std::int64_t end = 0;
    for (const Buffer* buffer : in_order) {
      if (buffer->offset < end) fault("tensors of training overlap");
      end = buffer->offset + buffer->stride;
      if (end > plan_.arena_floats) fault("a tensor of training stands outside the arena");
    }
  }

  const graph::Program& program_;
  const Plan& plan_;
  std::vector<bool> is_settled_;   // by NodeId::index
  std::vector<bool> is_computed_;  // by NodeId::index
  std::vector<bool> is_written_;   // by buffer
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> verify(const graph::Program& program, const Plan& plan) {
  return Verifier(program, plan).run();
}

}  // namespace d2nn::passes
