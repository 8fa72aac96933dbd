// Computes expressions that follow each other in one: the tensor between them is never stored.
#include <algorithm>
#include <utility>

#include "expr/recognise.h"
#include "expr/substitute.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace d2nn::passes {

namespace {

using expr::Expression;
using expr::Family;
using expr::Primitive;
using expr::TermInfo;
using ops::Kernel;

/// d2nn_op::params has as many places.
constexpr std::size_t most_parameters = 4;
/// Expressions longer than this gain nothing from one more layer and cost time to compile.
constexpr std::size_t most_terms = 64;

/// How often the expression asks for each element of an operand: by one loop, several, or so that it would be computed
/// again and again (repeated) or fetched from far apart (permuted).
enum class Reading : std::uint8_t { never, once, several_loops, scattered };

Reading reading_of(const Expression& expression, std::uint32_t operand) {
  std::vector<bool> carries(expression.terms.size(), false);  // the element at its own place, by term
  std::size_t loops = 0;
  for (std::size_t i = 0; i < expression.terms.size(); ++i) {
    const TermInfo& info = expression.terms[i];
    const bool reads =
        std::any_of(info.terms.begin(), info.terms.end(), [&](auto term) { return carries[term.index]; });
    carries[i] = info.primitive == Primitive::operand && info.index == operand;
    if (!reads) continue;
    const bool is_in_place =
        expr::family(info.primitive) == Family::elementwise || info.primitive == Primitive::reshape;
    if (expr::family(info.primitive) == Family::reduction) {
      ++loops;
    } else if (is_in_place) {
      carries[i] = true;
    } else {
      return Reading::scattered;
    }
  }
  for (const expr::Term result : expression.results) loops += carries[result.index] ? 1 : 0;
  return loops == 0 ? Reading::never : loops == 1 ? Reading::once : Reading::several_loops;
}

bool is_dear(const TermInfo& info) {
  return expr::is_polynomial(info.primitive) || info.primitive == Primitive::sqrt ||
         info.primitive == Primitive::divide;
}

/// One instruction on one tensor: computing it again is no more than loading it again.
bool is_light(const Expression& expression) {
  std::size_t operations = 0, leaves = 0;
  for (const TermInfo& info : expression.terms) {
    const bool is_number =
        info.primitive == Primitive::constant ||
        (info.primitive == Primitive::broadcast && expression[info.terms[0]].primitive == Primitive::constant);
    if (is_number) continue;
    if (expr::family(info.primitive) == Family::leaf) {
      ++leaves;
    } else if (expr::family(info.primitive) == Family::elementwise && !is_dear(info)) {
      ++operations;
    } else {
      return false;
    }
  }
  return operations == 1 && leaves == 1;
}

/// Whether results come from reductions one at a time, each when its own is done: what is computed of them then fills
/// one lane of a vector only.
bool gives_single_numbers(const Expression& expression) {
  const std::int64_t results = expr::elements(expression[expression.results[0]].dims);
  return std::any_of(expression.terms.begin(), expression.terms.end(),
                     [&](const TermInfo& info) { return expr::elements(info.dims) > results; });
}

bool has_permute(const Expression& expression) {
  return std::any_of(expression.terms.begin(), expression.terms.end(),
                     [](const TermInfo& info) { return info.primitive == Primitive::permute; });
}

/// Both expressions with one view of the tensor between them, where their dims for it differ and one can take those of
/// the other; false where neither can.
bool agree_on_dims(Expression& inner, Expression& outer, std::uint32_t operand) {
  const expr::Dims made = inner[inner.results[0]].dims;
  const auto leaf = std::find_if(outer.terms.begin(), outer.terms.end(), [&](const TermInfo& info) {
    return info.primitive == Primitive::operand && info.index == operand;
  });
  if (leaf->dims == made) return true;
  if (std::optional<Expression> viewed = expr::viewed_under(outer, made)) {
    outer = std::move(*viewed);
    return true;
  }
  if (std::optional<Expression> viewed = expr::viewed_under(inner, leaf->dims)) {
    inner = std::move(*viewed);
    return true;
  }
  return false;
}

/// The two expressions as one step in the place of the second; nullopt where that is not possible or more work.
std::optional<Step> composed(const Step& first, const Step& second) {
  const auto read = std::find(second.operands.begin(), second.operands.end(), Operand{false, first.result});
  const auto operand = static_cast<std::uint32_t>(read - second.operands.begin());
  Expression inner = first.expression, outer = second.expression;
  const Reading reading = reading_of(outer, operand);
  const bool is_leaf = inner.terms.size() == 1;  // a learned tensor, read where it stands
  const bool is_no_more_work =
      is_leaf || reading == Reading::once || (reading == Reading::several_loops && is_light(inner));
  const bool fills_vectors =
      !gives_single_numbers(inner) || std::none_of(outer.terms.begin(), outer.terms.end(), is_dear);
  if (!is_no_more_work || !fills_vectors || has_permute(inner) || has_permute(outer) ||
      !(is_leaf || agree_on_dims(inner, outer, operand))) {
    return std::nullopt;
  }

  Step step = first;
  std::vector<std::uint32_t> numbers(second.operands.size(), 0);
  for (std::size_t i = 0; i < second.operands.size(); ++i) {
    if (i == operand) continue;
    const auto known = std::find(step.operands.begin(), step.operands.end(), second.operands[i]);
    numbers[i] = static_cast<std::uint32_t>(known - step.operands.begin());
    if (known != step.operands.end()) continue;
    step.operands.push_back(second.operands[i]);
    step.operand_elements.push_back(second.operand_elements[i]);
    step.operand_shapes.push_back(second.operand_shapes[i]);
  }
  step.in = step.operand_shapes.empty() ? step.out : step.operand_shapes.front();
  step.expression = expr::compose(outer, operand, inner, numbers, static_cast<std::uint32_t>(first.parameters.size()));
  step.parameters.insert(step.parameters.end(), second.parameters.begin(), second.parameters.end());
  const bool fits = step.parameters.size() <= most_parameters && step.expression.terms.size() <= most_terms &&
                    step.expression.operand_count() == step.operands.size() &&
                    step.expression.weight_count() == step.parameters.size();
  if (!fits) return std::nullopt;
  step.layer = nullptr;
  step.arguments = {};
  step.kernel_out = step.out = second.out;
  step.result = second.result;
  step.cost += second.cost;
  return step;
}

bool takes_into_reader(Plan& plan, NodePlan& node, std::size_t position) {
  const Step& step = plan.steps[node.steps[position]];
  if (step.kernel != Kernel::expression) return false;
  const std::optional<std::size_t> reader = only_reader(plan, node, position);
  if (!reader || plan.steps[node.steps[*reader]].kernel != Kernel::expression) return false;
  if (fits_kernel_before(plan, node, position)) return false;  // its values are in registers there
  std::optional<Step> both = composed(step, plan.steps[node.steps[*reader]]);
  if (!both) return false;
  plan.steps[node.steps[*reader]] = std::move(*both);
  node.steps.erase(node.steps.begin() + static_cast<std::ptrdiff_t>(position));
  return true;
}

}  // namespace

void fuse_chain(Plan& plan, const PassContext&) {
  for (NodePlan& node : plan.nodes) {
    for (std::size_t i = 0; i < node.steps.size();) {
      if (!takes_into_reader(plan, node, i)) ++i;
    }
  }
  compact(plan);
}

}  // namespace d2nn::passes
