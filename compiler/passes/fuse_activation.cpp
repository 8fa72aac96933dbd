// Applies a pointwise expression in the kernel of the conv or dense before it.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

namespace {

bool is_activation(const Step& step) {
  return step.kernel == ops::Kernel::expression && step.parameters.empty() && is_relu(step.expression);
}

}  // namespace

void fuse_activation(Plan& plan, const PassContext&) {
  for (NodePlan& node : plan.nodes) {
    for (std::size_t i = 0; i < node.steps.size(); ++i) {
      const Step& step = plan.steps[node.steps[i]];
      if ((step.kernel != ops::Kernel::conv && step.kernel != ops::Kernel::dense) || stage_of<Pool>(step) != nullptr)
        continue;
      if (stage_of<Pointwise>(step) != nullptr) continue;
      const std::optional<std::size_t> reader = sole_reader(plan, node, i);
      if (!reader) continue;
      const Step& activation = plan.steps[node.steps[*reader]];
      if (!is_activation(activation)) continue;
      absorb(plan, node, i, *reader, Pointwise{activation.expression});
    }
  }
  compact(plan);
}

}  // namespace d2nn::passes
