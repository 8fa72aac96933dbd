// Applies a pointwise expression in the kernel of the conv or dense before it.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

namespace {

bool is_activation(const Step& step) {
  return step.kernel == ops::Kernel::expression && step.parameters.empty() && is_relu(step.expression);
}

/// A kernel that can apply an activation which nothing was applied before.
bool takes_activation(const Step& step) {
  return (step.kernel == ops::Kernel::conv || step.kernel == ops::Kernel::dense) && stage_of<Pool>(step) == nullptr &&
         stage_of<Pointwise>(step) == nullptr;
}

/// The activation that alone reads the result of the step.
std::optional<std::size_t> find_activation(const Plan& plan, const NodePlan& node, std::size_t position) {
  if (!takes_activation(plan.steps[node.steps[position]])) return std::nullopt;
  const std::optional<std::size_t> reader = sole_reader(plan, node, position);
  return reader && is_activation(plan.steps[node.steps[*reader]]) ? reader : std::nullopt;
}

}  // namespace

bool fits_kernel_before(const Plan& plan, const NodePlan& node, std::size_t position) {
  for (std::size_t i = 0; i < position; ++i) {
    if (find_activation(plan, node, i) == position) return true;
  }
  return false;
}

void fuse_activation(Plan& plan, const PassContext&) {
  for (NodePlan& node : plan.nodes) {
    for (std::size_t i = 0; i < node.steps.size(); ++i) {
      const std::optional<std::size_t> reader = find_activation(plan, node, i);
      if (reader) absorb(plan, node, i, *reader, Pointwise{plan.steps[node.steps[*reader]].expression});
    }
  }
  compact(plan);
}

}  // namespace d2nn::passes
