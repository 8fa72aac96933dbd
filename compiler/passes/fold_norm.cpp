// Multiplies batch norm into the weights of the conv or dense before it.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

namespace {

bool folds_reader(Plan& plan, NodePlan& node, std::size_t position) {
  const Step& step = plan.steps[node.steps[position]];
  if ((step.kernel != ops::Kernel::conv && step.kernel != ops::Kernel::dense) || !step.stages.empty()) return false;
  // The units of a dense kernel at several places are the last axis, and batch norm's channels the first.
  if (step.kernel == ops::Kernel::dense && step.out.rank() != 1) return false;
  const std::optional<std::size_t> reader = sole_reader(plan, node, position);
  if (!reader) return false;
  const Step& norm = plan.steps[node.steps[*reader]];
  if (norm.kernel != ops::Kernel::batch_norm) return false;
  absorb(plan, node, position, *reader, FoldedNorm{norm.parameters, norm.arguments.number("eps")});
  return true;
}

}  // namespace

void fold_norm(Plan& plan, const PassContext&) {
  for (NodePlan& node : plan.nodes) {
    for (std::size_t i = 0; i < node.steps.size();) {
      if (!folds_reader(plan, node, i)) ++i;
    }
  }
  compact(plan);
}

}  // namespace d2nn::passes
