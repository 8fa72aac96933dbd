// A program to a plan: lowered, then pass after pass.
#include "passes/plan.h"

#include <algorithm>
#include <stdexcept>

#include "passes/lower.h"
#include "passes/passes.h"
#include "passes/verify.h"

namespace d2nn::passes {

namespace {

/// What the passes that are to run can know about the uses of values; nullopt: nothing is proved.
std::optional<paths::Uses> find_uses(const graph::Program& program, const PassSet& passes) {
  if (graph::nodes_of(program, graph::NodeKind::control).empty()) return std::nullopt;
  const bool is_asked = passes.has(Pass::drop_unused) || passes.has(Pass::move_into_branch) ||
                        passes.has(Pass::choose_exclusive) || passes.has(Pass::forward_edge);
  if (!is_asked) return std::nullopt;
  paths::Uses uses = paths::find_uses(program, passes.has(Pass::move_into_branch));
  if (!uses.gave_up.empty()) return std::nullopt;
  return uses;
}

void check([[maybe_unused]] const graph::Program& program, [[maybe_unused]] const Plan& plan,
           [[maybe_unused]] const char* what) {
#ifndef NDEBUG
  const std::vector<std::string> faults = verify(program, plan);
  if (!faults.empty()) throw std::logic_error(std::string(what) + " breaks the plan: " + faults.front());
#endif
}

}  // namespace

bool is_batched(const Step& step) {
  return step.kernel == ops::Kernel::dense && step.out.rank() == 1;
}

std::size_t layer_operands(const Step& step) {
  std::size_t count = step.operands.size();
  for (const Stage& stage : step.stages) {
    const auto* pointwise = std::get_if<Pointwise>(&stage.kind);
    if (pointwise != nullptr) count = std::min<std::size_t>(count, pointwise->first_operand);
  }
  return count;
}

Plan plan(const graph::Program& program, PlanMode mode, const PassSet& passes, const Observer& observe) {
  Plan plan = lower(program, mode);
  check(program, plan, "lowering");
  if (mode == PlanMode::training) return plan;
  const std::optional<paths::Uses> uses = find_uses(program, passes);
  const PassContext context{program, uses ? &*uses : nullptr};
  for (const PassInfo& pass : pipeline) {
    if (passes.has(pass.pass)) {
      pass.run(plan, context);
      check(program, plan, pass.name);
    }
    if (observe) observe(pass, plan);
  }
  return plan;
}

}  // namespace d2nn::passes
