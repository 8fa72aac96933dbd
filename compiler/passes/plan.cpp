// A program to a plan: lowered, then pass after pass.
#include "passes/plan.h"

#include <algorithm>
#include <stdexcept>

#include "passes/lower.h"
#include "passes/passes.h"
#include "passes/verify.h"

namespace d2nn::passes {

namespace {

/// Whether the passes that are to run may go by the uses of values.
bool may_use(const graph::Program& program, const paths::Uses& uses, const PassSet& passes) {
  if (!uses.gave_up.empty() || graph::nodes_of(program, graph::NodeKind::control).empty()) return false;
  return passes.has(Pass::drop_unused) || passes.has(Pass::move_into_branch) || passes.has(Pass::choose_exclusive) ||
         passes.has(Pass::forward_edge);
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

bool needs_conditional_uses(const PassSet& passes) {
  return passes.has(Pass::move_into_branch);
}

Plan plan_inference(const graph::Program& program, const paths::Uses& uses, const PassSet& passes,
                    const Observer& observe) {
  Plan plan = lower(program, PlanMode::inference);
  check(program, plan, "lowering");
  const PassContext context{program, may_use(program, uses, passes) ? &uses : nullptr};
  for (const PassInfo& pass : pipeline) {
    if (passes.has(pass.pass)) {
      pass.run(plan, context);
      check(program, plan, pass.name);
    }
    if (observe) observe(pass, plan);
  }
  return plan;
}

Plan plan_training(const graph::Program& program) {
  Plan plan = lower(program, PlanMode::training);
  check(program, plan, "lowering");
  return plan;
}

}  // namespace d2nn::passes
