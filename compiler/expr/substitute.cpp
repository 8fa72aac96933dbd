// See substitute.h. Everything is copied through a Builder, which makes equal terms once.
#include "expr/substitute.h"

#include <functional>

#include "expr/recognise.h"

namespace d2nn::expr {
namespace {

/// Makes the terms of the expression, each as `make` has it of its description with terms of the builder's; gives the
/// results.
std::vector<Term> copy(const Expression& expression, const std::function<Term(TermInfo)>& make) {
  std::vector<Term> made;
  for (TermInfo info : expression.terms) {
    for (Term& term : info.terms) term = made[term.index];
    made.push_back(make(std::move(info)));
  }
  std::vector<Term> results;
  for (const Term result : expression.results) results.push_back(made[result.index]);
  return results;
}

}  // namespace

Expression renumbered(const Expression& expression, std::span<const std::uint32_t> numbers) {
  Builder builder;
  return builder.finish(copy(expression, [&](TermInfo info) {
    if (info.primitive == Primitive::operand) info.index = numbers[info.index];
    return builder.make(info);
  }));
}

Expression compose(const Expression& outer, std::uint32_t place, const Expression& inner,
                   std::span<const std::uint32_t> numbers, std::uint32_t first_weight) {
  Builder builder;
  const Term inside = copy(inner, [&](const TermInfo& info) { return builder.make(info); }).at(0);
  return builder.finish(copy(outer, [&](TermInfo info) {
    if (info.primitive == Primitive::operand && info.index == place) return builder.reshape(inside, info.dims);
    if (info.primitive == Primitive::operand) info.index = numbers[info.index];
    if (info.primitive == Primitive::weight) info.index += first_weight;
    return builder.make(info);
  }));
}

std::optional<Expression> viewed_under(const Expression& expression, const Dims& dims) {
  if (!is_placewise(expression)) return std::nullopt;
  Builder builder;
  return builder.finish(copy(expression, [&](TermInfo info) {
    if (info.primitive == Primitive::constant) return builder.constant(info.number);
    info.dims = dims;
    return builder.make(info);
  }));
}

}  // namespace d2nn::expr
