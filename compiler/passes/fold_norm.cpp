// Multiplies batch norm into the weights of the conv or dense before it.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

void fold_norm(Plan& plan, const PassContext&) {
  for (NodePlan& node : plan.nodes) {
    for (std::size_t i = 0; i < node.steps.size(); ++i) {
      const Step& step = plan.steps[node.steps[i]];
      if ((step.kernel != ops::Kernel::conv && step.kernel != ops::Kernel::dense) || !step.stages.empty()) continue;
      // The units of a dense kernel at several places are the last axis, and batch norm's channels the first.
      if (step.kernel == ops::Kernel::dense && step.out.rank() != 1) continue;
      const std::optional<std::size_t> reader = sole_reader(plan, node, i);
      if (!reader) continue;
      const Step& norm = plan.steps[node.steps[*reader]];
      if (norm.kernel != ops::Kernel::batch_norm) continue;
      absorb(plan, node, i, *reader, FoldedNorm{norm.parameters, norm.arguments.number("eps")});
    }
  }
  compact(plan);
}

}  // namespace d2nn::passes
