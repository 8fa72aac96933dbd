// Applies what is computed element by element in the kernel that makes the elements, before it stores them.
#include <algorithm>

#include "expr/recognise.h"
#include "expr/substitute.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

namespace {

using ops::Kernel;

/// A step that reads the result of a kernel, which can apply it.
struct Fit {
  std::size_t position;
  std::uint32_t operand;        // the kernel's result among its operands
  expr::Expression expression;  // with that as operand 0
};

bool takes_stages(const Step& step) {
  const bool has_kernel = step.kernel == Kernel::conv || step.kernel == Kernel::dense || step.kernel == Kernel::matmul;
  return has_kernel && stage_of<Pool>(step) == nullptr;
}

std::optional<Fit> find_fit(const Plan& plan, const NodePlan& node, std::size_t position) {
  const Step& step = plan.steps[node.steps[position]];
  if (!takes_stages(step)) return std::nullopt;
  const std::optional<std::size_t> reader = only_reader(plan, node, position);
  if (!reader) return std::nullopt;
  const Step& next = plan.steps[node.steps[*reader]];
  if (next.kernel != Kernel::expression || !next.parameters.empty()) return std::nullopt;
  const auto read = std::find(next.operands.begin(), next.operands.end(), Operand{false, step.result});
  const auto operand = static_cast<std::uint32_t>(read - next.operands.begin());
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < next.operands.size(); ++i)
    numbers.push_back(i == operand ? 0 : i < operand ? i + 1 : i);
  Fit fit{*reader, operand, expr::renumbered(next.expression, numbers)};
  if (!expr::is_placewise(fit.expression) || fit.expression.operand_count() != next.operands.size())
    return std::nullopt;
  return fit;
}

}  // namespace

bool fits_kernel_before(const Plan& plan, const NodePlan& node, std::size_t position) {
  for (std::size_t i = 0; i < position; ++i) {
    const std::optional<Fit> fit = find_fit(plan, node, i);
    if (fit && fit->position == position) return true;
  }
  return false;
}

void fuse_pointwise(Plan& plan, const PassContext&) {
  for (NodePlan& node : plan.nodes) {
    for (std::size_t i = 0; i < node.steps.size();) {
      const std::optional<Fit> fit = find_fit(plan, node, i);
      if (!fit) {
        ++i;
        continue;
      }
      Step& step = plan.steps[node.steps[i]];
      const Step& next = plan.steps[node.steps[fit->position]];
      const auto first_operand = static_cast<std::uint32_t>(step.operands.size());
      for (std::uint32_t operand = 0; operand < next.operands.size(); ++operand) {
        if (operand == fit->operand) continue;
        step.operands.push_back(next.operands[operand]);
        step.operand_elements.push_back(next.operand_elements[operand]);
        step.operand_shapes.push_back(next.operand_shapes[operand]);
      }
      absorb(plan, node, i, fit->position, Pointwise{fit->expression, first_operand});
    }
  }
  compact(plan);
}

}  // namespace d2nn::passes
