// Pools in the kernel of the conv before it.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

namespace {

bool takes_pool(Plan& plan, NodePlan& node, std::size_t position) {
  const Step& step = plan.steps[node.steps[position]];
  if (step.kernel != ops::Kernel::conv || stage_of<Pool>(step) != nullptr) return false;
  const std::optional<std::size_t> reader = sole_reader(plan, node, position);
  if (!reader) return false;
  const Step& pool = plan.steps[node.steps[*reader]];
  if (pool.kernel != ops::Kernel::max_pool) return false;
  absorb(plan, node, position, *reader, Pool{pool.arguments});
  return true;
}

}  // namespace

void fuse_pool(Plan& plan, const PassContext&) {
  for (NodePlan& node : plan.nodes) {
    for (std::size_t i = 0; i < node.steps.size();) {
      if (!takes_pool(plan, node, i)) ++i;
    }
  }
  compact(plan);
}

}  // namespace d2nn::passes
