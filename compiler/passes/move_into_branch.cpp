// Computes a value behind the decisions that settle whether it is needed.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

void move_into_branch(Plan& plan, const PassContext& context) {
  if (context.uses == nullptr) return;
  for (std::size_t i = 0; i < plan.needs.size(); ++i) {
    if (context.uses->needs[i].when == paths::Need::When::depends) plan.needs[i] = context.uses->needs[i];
  }
  order_schedule(context.program, plan);
  compact(plan);
}

}  // namespace d2nn::passes
