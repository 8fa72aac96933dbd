// Pools in the kernel of the conv before it.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

void fuse_pool(Plan& plan, const PassContext&) {
  for (NodePlan& node : plan.nodes) {
    for (std::size_t i = 0; i < node.steps.size(); ++i) {
      const Step& step = plan.steps[node.steps[i]];
      if (step.kernel != ops::Kernel::conv || stage_of<Pool>(step) != nullptr) continue;
      const std::optional<std::size_t> reader = sole_reader(plan, node, i);
      if (!reader) continue;
      const Step& pool = plan.steps[node.steps[*reader]];
      if (pool.kernel != ops::Kernel::max_pool) continue;
      absorb(plan, node, i, *reader, Pool{pool.arguments});
    }
  }
  compact(plan);
}

}  // namespace d2nn::passes
