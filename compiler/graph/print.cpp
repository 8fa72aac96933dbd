// The layout, by example:
//
//   node N1: f32[8, 28, 28], cost 677376
//     %0 = image: f32[3, 112, 112]
//     %1 = conv(3, 8, stride: 2, pad: 1) %0: f32[8, 56, 56], cost 677376
//         N1.conv1.weight [8, 3, 3, 3]
#include "graph/print.h"

#include <algorithm>
#include <cstddef>

#include "ops/arguments.h"

namespace d2nn::graph {
namespace {

std::string dims_text(const Shape& shape) {
  return shape.to_string().substr(3);
}

std::string values_text(const std::vector<float>& values) {
  constexpr std::size_t shown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), shown); ++i) {
    text += (i > 0 ? ", " : "") + ops::number_text(static_cast<double>(values[i]));
  }
  if (values.size() > shown) text += ", ... (" + std::to_string(values.size()) + " values)";
  return values.size() == 1 ? text : "[" + text + "]";
}

void print_input(std::string& out, const Program& program, const NodeInput& input, std::size_t index) {
  out += "  %" + std::to_string(index) + " = ";
  if (!input.name.empty()) out += input.name + ": ";
  for (std::size_t i = 0; i < input.edges.size(); ++i) {
    const Edge& edge = program[input.edges[i]];
    out += (i > 0 ? ", " : "") + program[edge.source].name;
    if (edge.fallback) out += " default " + values_text(*edge.fallback);
  }
  if (input.join != Join::none) out += " join " + std::string(spelling(input.join));
  out += ": " + input.shape.to_string() + "\n";
}

void print_op(std::string& out, const Program& program, const Op& op, std::size_t index) {
  const std::string arguments = ops::arguments_text(op.layer->params, op.arguments);
  out += "  %" + std::to_string(index) + " = " + op.layer->name;
  if (!arguments.empty()) out += "(" + arguments + ")";
  for (ValueId operand : op.operands) out += " %" + std::to_string(operand.index);
  out += ": " + op.shape.to_string();
  if (op.cost > 0) out += ", cost " + std::to_string(op.cost);
  out += "\n";
  for (ParamId id : op.parameters) out += "      " + program[id].name + " " + dims_text(program[id].shape) + "\n";
}

void print_action(std::string& out, const Program& program, const Action& action) {
  out += "  ~> " + action.name + ":";
  if (action.targets.empty()) out += " none";
  for (NodeId target : action.targets) out += " " + program[target].name;
  out += "\n";
}

void print_node(std::string& out, const Program& program, const Node& node) {
  out += std::string(spelling(node.kind)) + " " + node.name + ": " + node.shape.to_string();
  if (node.kind == NodeKind::regular || node.kind == NodeKind::control) out += ", cost " + std::to_string(node.cost);
  if (node.kind == NodeKind::dummy) out += " = " + values_text(node.dummy_value);
  if (node.is_required) out += " required";
  out += "\n";
  std::size_t index = 0;
  for (const NodeInput& input : node.inputs) print_input(out, program, input, index++);
  for (const Op& op : node.ops) print_op(out, program, op, index++);
  const bool result_is_last = index == 0 || node.result.index == index - 1;
  if (node.result.is_valid() && !result_is_last) out += "  result %" + std::to_string(node.result.index) + "\n";
  for (const Action& action : node.actions) print_action(out, program, action);
}

/// A part of a reward and how tightly its outermost operator binds: 1 + and -, 2 * and /, 3 a sign, 4 anything else.
struct Term {
  std::string text;
  int binding = 4;
};

std::string enclosed(const Term& term, int binding) {
  return term.binding < binding ? "(" + term.text + ")" : term.text;
}

/// "0.5"; a whole number without a point, as people write it.
Term number_term(double number) {
  std::string text = ops::number_text(number);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return {text, number < 0 ? 3 : 4};
}

Term combined(RewardCode code, const Term& left, const Term& right) {
  const std::string name(spelling(code));
  if (code == RewardCode::minimum || code == RewardCode::maximum)
    return {name + "(" + left.text + ", " + right.text + ")"};
  const int binding = code == RewardCode::add || code == RewardCode::subtract ? 1 : 2;
  return {enclosed(left, binding) + " " + name + " " + enclosed(right, binding + 1), binding};
}

void print_train(std::string& out, const Program& program) {
  out += "train\n";
  for (const auto& [name, value] : settings_of(program)) out += "  " + name + " = " + value + "\n";
  const std::string reward = reward_text(program);
  if (!reward.empty()) out += "  reward = " + reward + "\n";
}

}  // namespace

std::string reward_text(const Program& program) {
  if (!program.train || program.train->reward.empty()) return {};
  std::vector<Term> stack;
  for (const RewardStep& step : program.train->reward) {
    const std::size_t operands = operand_count(step.code);
    if (operands == 0) {
      stack.push_back(step.code == RewardCode::number ? number_term(step.number)
                                                      : Term{std::string(spelling(step.code))});
      if (step.output.is_valid()) stack.back().text += "(" + program[step.output].name + ")";
    } else if (operands == 1) {
      stack.back() = {"-" + enclosed(stack.back(), 3), 3};
    } else {
      const Term right = std::move(stack.back());
      stack.pop_back();
      stack.back() = combined(step.code, stack.back(), right);
    }
  }
  return stack.back().text;
}

std::vector<std::pair<std::string, std::string>> settings_of(const Program& program) {
  std::vector<std::pair<std::string, std::string>> settings;
  if (!program.train) return settings;
  for (const OutputLoss& loss : program.train->losses) {
    const TrainSettingValue value{{static_cast<double>(loss.kind), loss.weight}};
    settings.emplace_back("loss", program[loss.output].name + "=" + spell(info_of(TrainSettingId::loss), value));
  }
  if (program.train->metric) settings.emplace_back("metric", spelling(*program.train->metric));
  for (const TrainSetting& setting : program.train->settings) {
    const TrainSettingInfo& info = info_of(setting.id);
    settings.emplace_back(info.name, spell(info, setting.value));
  }
  return settings;
}

std::string grouped(std::int64_t value) {
  std::string text = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) {
    text.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return text;
}

std::string print(const Program& program) {
  std::string out = "network " + program.name + "\n";
  for (const auto& [name, value] : program.settings) out += "  " + name + " = " + value + "\n";
  for (const Node& node : program.nodes) print_node(out, program, node);
  if (program.train) print_train(out, program);
  out += "order";
  for (NodeId id : program.topological_order) out += " " + program[id].name;
  return out + "\n";
}

}  // namespace d2nn::graph
