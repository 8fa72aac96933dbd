// Elementwise primitives: constants are folded, negations wander outwards until one meets another or becomes a
// subtraction, and selects on one condition become one. Every rule is exact but for the sign of zero.
#include <algorithm>
#include <cmath>
#include <limits>

#include "diag/internal_error.h"
#include "expr/expression.h"
#include "expr/per_primitive.h"

namespace d2nn::expr {
namespace {

/// On f32 numbers. Rounding the double to f32 is the f32 operation for + - * / and sqrt (a double has more than twice
/// the digits), and nearer to the truth than it for the others.
using Fold = double (*)(double, double, double);

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
double maximum_of(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? nan : std::max(a, b);
}
double minimum_of(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? nan : std::min(a, b);
}

constexpr auto folds = per_primitive<Fold>({
    {Primitive::operand, nullptr},
    {Primitive::weight, nullptr},
    {Primitive::constant, nullptr},
    {Primitive::negate, [](double a, double, double) { return -a; }},
    {Primitive::exp, [](double a, double, double) { return std::exp(a); }},
    {Primitive::log, [](double a, double, double) { return std::log(a); }},
    {Primitive::sqrt, [](double a, double, double) { return std::sqrt(a); }},
    {Primitive::abs, [](double a, double, double) { return std::abs(a); }},
    {Primitive::tanh, [](double a, double, double) { return std::tanh(a); }},
    {Primitive::erf, [](double a, double, double) { return std::erf(a); }},
    {Primitive::detach, [](double a, double, double) { return a; }},
    {Primitive::add, [](double a, double b, double) { return a + b; }},
    {Primitive::subtract, [](double a, double b, double) { return a - b; }},
    {Primitive::multiply, [](double a, double b, double) { return a * b; }},
    {Primitive::divide, [](double a, double b, double) { return a / b; }},
    {Primitive::maximum, [](double a, double b, double) { return maximum_of(a, b); }},
    {Primitive::minimum, [](double a, double b, double) { return minimum_of(a, b); }},
    {Primitive::greater, [](double a, double b, double) { return a > b ? 1.0 : 0.0; }},
    {Primitive::equal, [](double a, double b, double) { return a == b ? 1.0 : 0.0; }},
    {Primitive::select, [](double a, double b, double c) { return a != 0 ? b : c; }},
    {Primitive::sum, nullptr},
    {Primitive::max, nullptr},
    {Primitive::broadcast, nullptr},
    {Primitive::reshape, nullptr},
    {Primitive::permute, nullptr},
    {Primitive::slice, nullptr},
    {Primitive::pad, nullptr},
    {Primitive::repeat, nullptr},
});

bool is_commutative(Primitive primitive) {
  return primitive == Primitive::add || primitive == Primitive::multiply || primitive == Primitive::maximum ||
         primitive == Primitive::minimum || primitive == Primitive::equal;
}

/// The dims that terms of one rank are broadcast to; verify refuses what does not fit.
Dims common_dims(const Builder& builder, std::span<const Term> terms) {
  Dims common = builder.dims(terms[0]);
  for (Term term : terms) {
    const Dims& dims = builder.dims(term);
    if (dims.size() != common.size()) throw diag::InternalError("tensor expression: terms of different ranks meet");
    for (std::size_t i = 0; i < dims.size(); ++i) common[i] = std::max(common[i], dims[i]);
  }
  return common;
}

}  // namespace

/// Terms are taken as they were before their broadcasts and the result is broadcast instead: x * sqrt(v) with v per
/// channel takes one square root per channel.
Term Builder::elementwise(Primitive primitive, std::vector<Term> terms) {
  if (family(primitive) != Family::elementwise || terms.size() != arity(primitive)) {
    throw diag::InternalError(std::string("tensor expression: ") + spelling(primitive) + " is not elementwise of " +
                              std::to_string(terms.size()));
  }
  const auto shaped = std::ranges::find_if(terms, [&](Term term) { return !is(term, Primitive::constant); });
  const std::size_t rank = dims(shaped == terms.end() ? terms[0] : *shaped).size();
  for (Term& term : terms) {
    if (is(term, Primitive::constant)) term = ranked(term, rank);
  }
  const Dims result_dims = common_dims(*this, terms);
  for (Term& term : terms) term = before_broadcast(term);
  if (const auto simple = simplified(primitive, terms)) return broadcast(*simple, result_dims);

  const Dims dims = common_dims(*this, terms);
  for (Term& term : terms) term = broadcast(term, dims);
  TermInfo made{.primitive = primitive, .terms = std::move(terms), .dims = dims};
  if (is_commutative(primitive)) {
    TermInfo swapped = made;
    std::swap(swapped.terms[0], swapped.terms[1]);
    if (std::find(terms_.begin(), terms_.end(), swapped) != terms_.end()) made = std::move(swapped);
  }
  return broadcast(append(std::move(made)), result_dims);
}

std::optional<Term> Builder::simplified(Primitive primitive, std::span<const Term> terms) {
  double numbers[3]{};
  bool constant = true;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const auto number = this->number(terms[i]);
    constant = constant && number.has_value();
    numbers[i] = number.value_or(0);
  }
  if (constant) {
    const Fold fold = folds[static_cast<std::size_t>(primitive)];
    return ranked(this->constant(fold(numbers[0], numbers[1], numbers[2])), dims(terms[0]).size());
  }
  switch (primitive) {
    case Primitive::negate:
      if (is(terms[0], Primitive::negate)) return info(terms[0]).terms[0];
      return std::nullopt;
    case Primitive::detach:
      return is(terms[0], Primitive::detach) ? std::optional(terms[0]) : std::nullopt;
    case Primitive::add:
      return simplified_sum(terms[0], terms[1]);
    case Primitive::subtract:
      if (is(terms[1], 0.0F)) return terms[0];
      if (is(terms[1], Primitive::negate)) return binary(Primitive::add, terms[0], info(terms[1]).terms[0]);
      return std::nullopt;
    case Primitive::multiply:
    case Primitive::divide:
      return simplified_product(primitive, terms[0], terms[1]);
    case Primitive::maximum:
    case Primitive::minimum:
      return terms[0] == terms[1] ? std::optional(terms[0]) : std::nullopt;
    case Primitive::select:
      return simplified_select(terms[0], terms[1], terms[2]);
    default:
      return std::nullopt;
  }
}

std::optional<Term> Builder::simplified_sum(Term a, Term b) {
  for (const auto& [x, y] : {std::pair(a, b), std::pair(b, a)}) {
    if (is(y, 0.0F)) return x;
    if (is(y, Primitive::negate)) return binary(Primitive::subtract, x, info(y).terms[0]);
    // (c ? p : 0) + (c ? 0 : q)
    if (!is(x, Primitive::select) || !is(y, Primitive::select)) continue;
    const std::vector<Term> first = info(x).terms, second = info(y).terms;
    if (first[0] == second[0] && is(first[2], 0.0F) && is(second[1], 0.0F)) {
      return select(first[0], first[1], second[2]);
    }
  }
  return std::nullopt;
}

std::optional<Term> Builder::simplified_product(Primitive primitive, Term a, Term b) {
  if (is(b, 1.0F)) return a;
  if (is(b, -1.0F)) return unary(Primitive::negate, a);
  if (primitive == Primitive::multiply && is(a, 1.0F)) return b;
  if (primitive == Primitive::multiply && is(a, -1.0F)) return unary(Primitive::negate, b);
  const auto negated = [&](Term x, Term y) { return unary(Primitive::negate, binary(primitive, x, y)); };
  if (is(a, Primitive::negate)) return negated(info(a).terms[0], b);
  if (is(b, Primitive::negate)) return negated(a, info(b).terms[0]);
  return std::nullopt;
}

std::optional<Term> Builder::simplified_select(Term condition, Term when_true, Term when_false) {
  if (const auto number = this->number(condition)) return *number != 0 ? when_true : when_false;
  if (when_true == when_false) return when_true;
  const auto on_same_condition = [&](Term term) {
    return is(term, Primitive::select) && info(term).terms[0] == condition;
  };
  if (on_same_condition(when_true)) return select(condition, info(when_true).terms[1], when_false);
  if (on_same_condition(when_false)) return select(condition, when_true, info(when_false).terms[2]);
  // a > b ? a : maximum(a, b), and the same of minimum: how relu reads once detach is gone. Not so with b alone behind
  // the colon, which is b where a is NaN.
  if (is(condition, Primitive::greater)) {
    const std::vector<Term>& compared = info(condition).terms;
    const Term a = before_broadcast(compared[0]), b = before_broadcast(compared[1]);
    const auto is_of_compared = [&](Term term, Primitive primitive) {
      if (!is(term, primitive)) return false;
      const Term x = before_broadcast(info(term).terms[0]), y = before_broadcast(info(term).terms[1]);
      return (x == a && y == b) || (x == b && y == a);
    };
    if (when_true == a && is_of_compared(when_false, Primitive::maximum)) return when_false;
    if (when_true == b && is_of_compared(when_false, Primitive::minimum)) return when_false;
  }
  return std::nullopt;
}

}  // namespace d2nn::expr
