// The layout, by example:
//
//   plan n: inference, 64 rows a tile; floats a row: arena 32, row-local 16
//   tensors
//     %0: f32[10], planar, arena 0
//     %1: f32[4], planar, row-local 0
//   settle N1
//   compute N1
//     %0 = dense(10) x: f32[10], N1.dense1
//         N1.dense1.weight, N1.dense1.bias
//   settle N2 when Q = high
//   compute N2
//     %2 = join first N1, N3 or default
//   output y = join last N2, N3
#include "passes/print.h"

#include "ops/arguments.h"

namespace d2nn::passes {

namespace {

using graph::NodeId;
using paths::Need;

class Printer {
 public:
  Printer(const graph::Program& program, const Plan& plan)
      : program_(program), plan_(plan), inputs_(graph::nodes_of(program, graph::NodeKind::input)) {}

  std::string print() {
    const bool is_inference = plan_.mode == PlanMode::inference;
    out_ = "plan " + program_.name + ": " + (is_inference ? "inference" : "training");
    if (plan_.tile_rows > 0) out_ += ", " + std::to_string(plan_.tile_rows) + " rows a tile";
    out_ += "; floats a row: arena " + std::to_string(plan_.arena_floats);
    out_ += is_inference ? ", row-local " + std::to_string(plan_.row_local_floats)
                         : ", gradients " + std::to_string(plan_.gradient_floats);
    out_ += "\ntensors\n";
    for (std::uint32_t i = 0; i < plan_.buffers.size(); ++i) print_buffer(i);
    for (const ScheduleEntry& entry : plan_.schedule) print_entry(entry);
    for (const std::uint32_t join : plan_.output_joins) {
      out_ += "output " + program_[plan_.joins[join].node].name + " = " + join_text(plan_.joins[join]) + "\n";
    }
    return std::move(out_);
  }

 private:
  void print_buffer(std::uint32_t index) {
    const Buffer& buffer = plan_.buffers[index];
    out_ += "  %" + std::to_string(index) + ": " + buffer.shape.to_string() + ", planar, ";
    out_ += (buffer.is_row_local ? "row-local " : "arena ") + std::to_string(buffer.offset);
    if (buffer.gradient_offset >= 0) out_ += ", gradient " + std::to_string(buffer.gradient_offset);
    if (buffer.gradient_accumulates) out_ += " accumulates";
    out_ += "\n";
  }

  void print_entry(const ScheduleEntry& entry) {
    const NodePlan& node = plan_.nodes[entry.node];
    const std::string& name = program_[node.node].name;
    if (entry.settles) out_ += "settle " + name + condition_text(plan_.conditions[node.node.index]) + "\n";
    if (!entry.computes) return;
    out_ += "compute " + name + need_text(plan_.needs[node.node.index]) + "\n";
    for (const std::uint32_t join : node.joins) {
      const JoinStep& step = plan_.joins[join];
      out_ += "  %" + std::to_string(step.target) + " = " + join_text(step) + "\n";
    }
    for (const std::uint32_t step : node.steps) print_step(plan_.steps[step]);
  }

  std::string literal_text(const Literal& literal) const {
    if (const auto* took = std::get_if<Took>(&literal)) {
      return program_[took->control].name + " = " + program_[took->control].actions[took->action].name;
    }
    return program_[std::get<Executed>(literal).node].name;
  }

  /// " when A and (B or Q = high)"; a node's name stands for "it executed".
  std::string condition_text(const Condition& condition) const {
    std::string text;
    for (const Clause& clause : condition.clauses) {
      std::string either;
      for (const Literal& literal : clause) either += (either.empty() ? "" : " or ") + literal_text(literal);
      if (clause.empty()) either = "never";
      const bool is_enclosed = clause.size() > 1 && condition.clauses.size() > 1;
      text += (text.empty() ? " when " : " and ") + (is_enclosed ? "(" + either + ")" : either);
    }
    return text;
  }

  /// " where Q = stop"; of more steps " where 0: Q stop no, go yes; 1: ...", asked from the last on.
  std::string need_text(const Need& need) const {
    if (need.when != Need::When::depends) return "";
    std::string text;
    for (std::size_t i = 0; i < need.steps.size(); ++i) {
      const paths::DecisionStep& step = need.steps[i];
      text += (i == 0 ? " where " : "; ");
      if (need.steps.size() > 1) text += std::to_string(i) + ": ";
      text += program_[step.control].name;
      for (std::size_t action = 0; action < step.next.size(); ++action) {
        const std::uint32_t next = step.next[action];
        text += (action == 0 ? " " : ", ") + program_[step.control].actions[action].name;
        text += next == 0 ? " no" : next == 1 ? " yes" : " to " + std::to_string(next - 2);
      }
    }
    return text;
  }

  std::string join_text(const JoinStep& join) const {
    std::string text = "join " + std::string(graph::spelling(join.kind));
    for (std::size_t i = 0; i < join.edges.size(); ++i) {
      const graph::Edge& edge = program_[join.edges[i].edge];
      text += (i == 0 ? " " : ", ") + program_[edge.source].name;
      const auto& value = plan_.value_of[edge.source.index];
      if (value && !value->is_input) text += " %" + std::to_string(value->index);
      if (join.edges[i].takes_default) text += " or default";
    }
    return text;
  }

  std::string operand_text(const Operand& operand) const {
    return operand.is_input ? program_[inputs_[operand.index]].name : "%" + std::to_string(operand.index);
  }

  std::string names(const std::vector<graph::ParamId>& parameters) const {
    std::string text;
    for (const graph::ParamId id : parameters) text += (text.empty() ? "" : ", ") + program_[id].name;
    return text;
  }

  static std::string layer_text(const ops::Layer* layer, const ops::Arguments& arguments) {
    const std::string text = ops::arguments_text(layer->params, arguments);
    return layer->name + (text.empty() ? "" : "(" + text + ")");
  }

  void print_step(const Step& step) {
    out_ += "  %" + std::to_string(step.result) + " = ";
    out_ += step.layer == nullptr ? ops::spelling(step.kernel) : layer_text(step.layer, step.arguments);
    for (std::size_t i = 0; i < layer_operands(step); ++i) out_ += " " + operand_text(step.operands[i]);
    out_ += ": " + step.out.to_string() + ", " + step.label + "\n";
    if (step.state) out_ += "      state %" + std::to_string(*step.state) + "\n";
    if (!step.parameters.empty()) out_ += "      " + names(step.parameters) + "\n";
    if (step.kernel == ops::Kernel::expression) out_ += indented(expr::to_string(step.expression));
    for (const Stage& stage : step.stages) print_stage(step, stage);
  }

  void print_stage(const Step& step, const Stage& stage) {
    out_ += "    then ";
    if (const auto* norm = std::get_if<FoldedNorm>(&stage.kind)) {
      out_ += "folded batch_norm(eps: " + ops::number_text(norm->eps) + ")\n      " + names(norm->parameters) + "\n";
    } else if (const auto* pool = std::get_if<Pool>(&stage.kind)) {
      out_ += layer_text(stage.layer, pool->arguments) + "\n";
    } else {
      const auto& pointwise = std::get<Pointwise>(stage.kind);
      out_ += stage.layer == nullptr ? "expression" : std::string(stage.layer->name);
      for (std::uint32_t i = 1; i < pointwise.expression.operand_count(); ++i) {
        out_ += " " + operand_text(step.operands[pointwise.first_operand + i - 1]);
      }
      out_ += "\n" + indented(expr::to_string(pointwise.expression));
    }
  }

  static std::string indented(const std::string& text) {
    std::string result;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      result += "      " + text.substr(begin, end - begin) + "\n";
      begin = end + 1;
    }
    return result;
  }

  const graph::Program& program_;
  const Plan& plan_;
  std::vector<NodeId> inputs_;
  std::string out_;
};

}  // namespace

std::string print(const graph::Program& program, const Plan& plan) {
  return Printer(program, plan).print();
}

}  // namespace d2nn::passes
