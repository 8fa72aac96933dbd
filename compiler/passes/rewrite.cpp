#include "passes/rewrite.h"

#include <algorithm>
#include <utility>

#include "passes/plan_memory.h"

namespace d2nn::passes {

namespace {

/// Moves what the schedule computes into a plan of its own.
class Compaction {
 public:
  explicit Compaction(Plan& plan) : plan_(plan), place_(plan.buffers.size()) {}

  void run() {
    for (const ScheduleEntry& entry : plan_.schedule) {
      if (!entry.computes) continue;
      NodePlan& node = plan_.nodes[entry.node];
      for (std::uint32_t& join : node.joins) join = move_join(join);
      for (std::uint32_t& step : node.steps) step = move_step(step);
    }
    for (std::uint32_t& join : plan_.output_joins) join = move_join(join);
    for (std::optional<Operand>& value : plan_.value_of) {
      if (value) value = moved(*value);
    }
    plan_.joins = std::move(joins_);
    plan_.steps = std::move(steps_);
    plan_.buffers = std::move(buffers_);
  }

 private:
  std::uint32_t move_buffer(std::uint32_t from) {
    if (!place_[from]) {
      place_[from] = static_cast<std::uint32_t>(buffers_.size());
      buffers_.push_back(plan_.buffers[from]);
    }
    return *place_[from];
  }
  Operand moved(Operand operand) { return operand.is_input ? operand : Operand{false, move_buffer(operand.index)}; }
  std::uint32_t move_join(std::uint32_t from) {
    JoinStep& join = joins_.emplace_back(std::move(plan_.joins[from]));
    if (!join.is_output) join.target = move_buffer(join.target);
    return static_cast<std::uint32_t>(joins_.size() - 1);
  }
  std::uint32_t move_step(std::uint32_t from) {
    Step& step = steps_.emplace_back(std::move(plan_.steps[from]));
    for (Operand& operand : step.operands) operand = moved(operand);
    step.result = move_buffer(step.result);
    if (step.state) step.state = move_buffer(*step.state);
    return static_cast<std::uint32_t>(steps_.size() - 1);
  }

  Plan& plan_;
  std::vector<std::optional<std::uint32_t>> place_;  // of each old buffer among the new
  std::vector<Buffer> buffers_;
  std::vector<Step> steps_;
  std::vector<JoinStep> joins_;
};

}  // namespace

void compact(Plan& plan) {
  Compaction(plan).run();
  place_apart(plan);
}

std::optional<std::size_t> only_reader(const Plan& plan, const NodePlan& node, std::size_t position) {
  const Operand result{false, plan.steps[node.steps[position]].result};
  if (plan.value_of[node.node.index] == result) return std::nullopt;
  std::optional<std::size_t> reader;
  for (std::size_t i = position + 1; i < node.steps.size(); ++i) {
    const std::vector<Operand>& operands = plan.steps[node.steps[i]].operands;
    if (std::find(operands.begin(), operands.end(), result) == operands.end()) continue;
    if (reader) return std::nullopt;
    reader = i;
  }
  return reader;
}

std::optional<std::size_t> sole_reader(const Plan& plan, const NodePlan& node, std::size_t position) {
  const std::optional<std::size_t> reader = only_reader(plan, node, position);
  if (!reader) return std::nullopt;
  const Step& next = plan.steps[node.steps[*reader]];
  if (next.operands.size() != 1 || next.in != plan.steps[node.steps[position]].out) return std::nullopt;
  return reader;
}

void absorb(Plan& plan, NodePlan& node, std::size_t position, std::size_t reader, StageKind kind) {
  Step& step = plan.steps[node.steps[position]];
  const Step& next = plan.steps[node.steps[reader]];
  if (!std::holds_alternative<Pointwise>(kind)) step.out = next.out;  // as many elements, maybe under other dims
  step.stages.push_back({std::move(kind), next.layer});
  step.result = next.result;
  node.steps[reader] = node.steps[position];
  node.steps.erase(node.steps.begin() + static_cast<std::ptrdiff_t>(position));
}

}  // namespace d2nn::passes
