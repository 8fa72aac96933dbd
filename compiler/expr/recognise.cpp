#include "expr/recognise.h"

#include <algorithm>

namespace d2nn::expr {

bool is_placewise(const Expression& expression) {
  if (expression.results.size() != 1) return false;
  const Dims& dims = expression[expression.results[0]].dims;
  bool reads_operand = false;
  for (const TermInfo& info : expression.terms) {
    switch (info.primitive) {
      case Primitive::constant:
        continue;
      case Primitive::broadcast:
        if (expression[info.terms[0]].primitive != Primitive::constant) return false;
        break;
      case Primitive::operand:
        reads_operand |= info.index == 0;
        break;
      default:
        if (family(info.primitive) != Family::elementwise) return false;
    }
    if (info.dims != dims) return false;
  }
  return reads_operand;
}

bool is_relu(const Expression& expression) {
  if (!is_placewise(expression)) return false;
  const TermInfo& result = expression[expression.results[0]];
  if (result.primitive != Primitive::maximum) return false;
  const auto source = [&](std::size_t i) {
    const TermInfo& term = expression[result.terms[i]];
    return term.primitive == Primitive::broadcast ? expression[term.terms[0]] : term;
  };
  const auto is_zero = [](const TermInfo& term) { return term.primitive == Primitive::constant && term.number == 0; };
  const auto is_operand = [](const TermInfo& term) { return term.primitive == Primitive::operand && term.index == 0; };
  return (is_operand(source(0)) && is_zero(source(1))) || (is_zero(source(0)) && is_operand(source(1)));
}

bool is_polynomial(Primitive primitive) {
  return primitive == Primitive::exp || primitive == Primitive::log || primitive == Primitive::tanh ||
         primitive == Primitive::erf;
}

}  // namespace d2nn::expr
