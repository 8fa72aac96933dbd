#include "expr/gradient.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "diag/internal_error.h"
#include "expr/per_primitive.h"
#include "expr/value.h"

namespace d2nn::expr {
namespace {

/// The gradient of the result by a term, on its way back. It is linear in the gradient of the result, so a 0 that a
/// select put there stays 0 whatever it is multiplied by; multiplied out it would be NaN where the factor of the branch
/// not taken is infinite. So factors go under such selects: elu is `x > 0 ? dy : dy * exp(x)`, also where exp(x)
/// overflows.
class Adjoint {
 public:
  Adjoint(const Value& value) : value_(value) {}
  operator Value() const { return value_; }

  template <ValueOrNumber Factor>
  friend Adjoint operator*(const Adjoint& dy, const Factor& factor) {
    return under_selects(dy.value_, [&](const Value& part) { return part * factor; });
  }
  template <ValueOrNumber Divisor>
  friend Adjoint operator/(const Adjoint& dy, const Divisor& divisor) {
    return under_selects(dy.value_, [&](const Value& part) { return part / divisor; });
  }
  friend Adjoint operator-(const Adjoint& dy) {
    return under_selects(dy.value_, [](const Value& part) { return -part; });
  }

 private:
  template <class Linear>
  static Value under_selects(const Value& dy, const Linear& linear) {
    Builder& builder = dy.builder();
    const TermInfo source = builder.info(builder.before_broadcast(dy));
    if (source.primitive == Primitive::select) {
      const Value condition{builder, source.terms[0]}, a{builder, source.terms[1]}, b{builder, source.terms[2]};
      const auto whole = [&](const Value& part) { return Value{builder, builder.broadcast(part, dy.dims())}; };
      if (builder.number(a) == 0.0F) return whole(select(condition, 0, under_selects(b, linear)));
      if (builder.number(b) == 0.0F) return whole(select(condition, under_selects(a, linear), 0));
    }
    return linear(dy);
  }

  Value value_;
};

/// One term on the way back: y is made of x(0), x(1), x(2); dy is the gradient by y; give() hands dy on to them.
class Step {
 public:
  Step(const Expression& forward, std::size_t index, const std::vector<Value>& values,
       std::vector<std::optional<Value>>& adjoints)
      : info(forward.terms[index]), y(values[index]), dy(*adjoints[index]), values_(values), adjoints_(adjoints) {}

  const TermInfo& info;
  const Value y;
  const Adjoint dy;

  Value x(std::size_t i = 0) const { return values_[info.terms[i].index]; }
  void give(const Value& dx) const { give(0, dx); }
  void give(std::size_t i, const Value& dx) const {
    std::optional<Value>& adjoint = adjoints_[info.terms[i].index];
    adjoint = adjoint ? *adjoint + dx : dx;
  }
  /// Whether the forward expression computes this very term.
  bool computes(const Value& value) const { return std::find(values_.begin(), values_.end(), value) != values_.end(); }

 private:
  const std::vector<Value>& values_;
  std::vector<std::optional<Value>>& adjoints_;
};

using Rule = void (*)(const Step&);

/// Leaves keep what they were given; comparisons and detach hand nothing on.
void end(const Step&) {}

void negate(const Step& s) {
  s.give(-s.dy);
}
/// (a / b) * y is a * (y / b) where that is at hand: what softmax gives, which then needs no exp here.
void exp(const Step& s) {
  const Value dy = s.dy;
  const TermInfo quotient = dy.builder().info(dy);
  if (quotient.primitive == Primitive::divide) {
    const Value a{dy.builder(), quotient.terms[0]}, b{dy.builder(), quotient.terms[1]};
    if (const Value known = s.y / b; s.computes(known)) return s.give(a * known);
  }
  s.give(s.dy * s.y);
}
void log(const Step& s) {
  s.give(s.dy / s.x());
}
void sqrt(const Step& s) {
  s.give(s.dy * 0.5 / s.y);
}
void abs(const Step& s) {
  s.give(select(greater(s.x(), 0), Value(s.dy), select(greater(0, s.x()), Value(-s.dy), 0)));
}
void tanh(const Step& s) {
  s.give(s.dy * (1 - s.y * s.y));
}
void erf(const Step& s) {
  s.give(s.dy * (2 * std::numbers::inv_sqrtpi * exp(-(s.x() * s.x()))));
}

void add(const Step& s) {
  s.give(0, s.dy);
  s.give(1, s.dy);
}
void subtract(const Step& s) {
  s.give(0, s.dy);
  s.give(1, -s.dy);
}
void multiply(const Step& s) {
  if (s.info.terms[0] == s.info.terms[1]) return s.give(s.dy * 2 * s.x());
  s.give(0, s.dy * s.x(1));
  s.give(1, s.dy * s.x(0));
}
/// The axes that x is summed over to give the divisor; none: it is no such sum.
Axes axes_of_share(const Value& x, const Value& divisor) {
  const Builder& builder = x.builder();
  const TermInfo& info = builder.info(builder.before_broadcast(divisor));
  return info.primitive == Primitive::sum && info.terms[0] == x ? info.axes : Axes{};
}

void divide(const Step& s) {
  if (const Axes axes = axes_of_share(s.x(0), s.x(1)); !axes.empty()) {
    // x / sum(x): both ways at once, with one sum of its own.
    return s.give(0, Adjoint(Value(s.dy) - sum(Value(s.dy * s.y), axes)) / s.x(1));
  }
  const Adjoint quotient = s.dy / s.x(1);
  s.give(0, quotient);
  s.give(1, -(quotient * s.y));
}

/// dy to the one that won, half of it to each at a tie.
void share(const Step& s, const Value& lost_0, const Value& lost_1) {
  const Value part = select(equal(s.x(0), s.x(1)), Value(s.dy * 0.5), Value(s.dy));
  s.give(0, select(lost_0, 0, part));
  s.give(1, select(lost_1, 0, part));
}
void maximum(const Step& s) {
  share(s, greater(s.x(1), s.x(0)), greater(s.x(0), s.x(1)));
}
void minimum(const Step& s) {
  share(s, greater(s.x(0), s.x(1)), greater(s.x(1), s.x(0)));
}

void select(const Step& s) {
  s.give(1, select(s.x(0), Value(s.dy), 0));
  s.give(2, select(s.x(0), 0, Value(s.dy)));
}

/// The value of a movement of dy.
template <class... Arguments>
Value moved(Term (Builder::*movement)(Term, Arguments...), const Value& dy,
            std::type_identity_t<Arguments>... arguments) {
  return {dy.builder(), (dy.builder().*movement)(dy, arguments...)};
}

void sum(const Step& s) {
  s.give(moved(&Builder::broadcast, s.dy, s.x().dims()));
}

/// Evenly to all that are greatest.
void max(const Step& s) {
  const Value greatest = equal(s.x(), s.y);
  s.give(select(greatest, Value(s.dy / sum(greatest, s.info.axes)), 0));
}

void broadcast(const Step& s) {
  const Dims dims = s.x().dims();
  Axes repeated;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] != s.info.dims[i]) repeated.push_back(static_cast<std::int64_t>(i));
  }
  s.give(sum(Value(s.dy), repeated));
}

void reshape(const Step& s) {
  s.give(moved(&Builder::reshape, s.dy, s.x().dims()));
}

void permute(const Step& s) {
  Axes inverse(s.info.axes.size());
  for (std::size_t i = 0; i < inverse.size(); ++i) {
    inverse[static_cast<std::size_t>(s.info.axes[i])] = static_cast<std::int64_t>(i);
  }
  s.give(moved(&Builder::permute, s.dy, inverse));
}

/// The size of the axis along which slice, pad and repeat work, before they do.
std::int64_t size_along(const Step& s) {
  return s.x().dims()[static_cast<std::size_t>(s.info.axes[0])];
}

void slice(const Step& s) {
  s.give(moved(&Builder::pad, s.dy, s.info.axes[0], s.info.from, size_along(s) - s.info.to, 0.0F));
}

void pad(const Step& s) {
  s.give(moved(&Builder::slice, s.dy, s.info.axes[0], s.info.from, s.info.from + size_along(s)));
}

/// Each run of equal elements becomes an axis of its own, which is summed.
void repeat(const Step& s) {
  const Dims dims = s.x().dims();
  Dims split = dims;
  split.insert(split.begin() + s.info.axes[0] + 1, s.info.from);
  const Value runs = moved(&Builder::reshape, s.dy, split);
  s.give(moved(&Builder::reshape, sum(runs, {s.info.axes[0] + 1}), dims));
}

constexpr auto rules = per_primitive<Rule>({
    {Primitive::operand, end},
    {Primitive::weight, end},
    {Primitive::constant, end},
    {Primitive::negate, negate},
    {Primitive::exp, exp},
    {Primitive::log, log},
    {Primitive::sqrt, sqrt},
    {Primitive::abs, abs},
    {Primitive::tanh, tanh},
    {Primitive::erf, erf},
    {Primitive::detach, end},
    {Primitive::add, add},
    {Primitive::subtract, subtract},
    {Primitive::multiply, multiply},
    {Primitive::divide, divide},
    {Primitive::maximum, maximum},
    {Primitive::minimum, minimum},
    {Primitive::greater, end},
    {Primitive::equal, end},
    {Primitive::select, select},
    {Primitive::sum, sum},
    {Primitive::max, max},
    {Primitive::broadcast, broadcast},
    {Primitive::reshape, reshape},
    {Primitive::permute, permute},
    {Primitive::slice, slice},
    {Primitive::pad, pad},
    {Primitive::repeat, repeat},
});

/// The gradient by leaf number `index`: the sum over the views under which it is read, under the dims of the first.
Term leaf_gradient(Builder& builder, const Expression& forward, const std::vector<std::optional<Value>>& adjoints,
                   Primitive leaf, std::uint32_t index) {
  std::optional<Value> total;
  for (std::size_t i = 0; i < forward.terms.size(); ++i) {
    const TermInfo& info = forward.terms[i];
    if (info.primitive != leaf || info.index != index) continue;
    if (!total) total = Value(builder, builder.broadcast(builder.constant(0), info.dims));
    if (adjoints[i]) total = *total + moved(&Builder::reshape, *adjoints[i], total->dims());
  }
  if (total) return *total;
  throw diag::InternalError(std::string("gradient: the expression does not read ") + spelling(leaf) + " " +
                            std::to_string(index));
}

/// What takes a loop of its own or tens of instructions.
std::size_t dear_terms(const Expression& expression) {
  return static_cast<std::size_t>(std::ranges::count_if(expression.terms, [](const TermInfo& info) {
    return family(info.primitive) == Family::reduction || info.primitive == Primitive::exp ||
           info.primitive == Primitive::log || info.primitive == Primitive::tanh || info.primitive == Primitive::erf ||
           info.primitive == Primitive::sqrt || info.primitive == Primitive::divide;
  }));
}

}  // namespace

Expression gradient(const Expression& forward, const Wanted& wanted) {
  if (forward.results.size() != 1) throw diag::InternalError("gradient: the expression has not one result");
  const Term result = forward.results[0];

  Builder builder;
  std::vector<Value> values;
  for (TermInfo info : forward.terms) {
    for (Term& term : info.terms) term = values[term.index];
    values.emplace_back(builder, builder.make(info));
  }
  std::vector<std::optional<Value>> adjoints(forward.terms.size());
  adjoints[result.index] = Value(builder, builder.operand(forward.operand_count(), forward[result].dims));
  for (std::size_t i = forward.terms.size(); i-- > 0;) {
    const auto primitive = static_cast<std::size_t>(forward.terms[i].primitive);
    if (adjoints[i]) rules[primitive](Step(forward, i, values, adjoints));
  }

  std::vector<Term> gradients;
  const auto collect = [&](const std::vector<bool>& is_wanted, Primitive leaf) {
    for (std::uint32_t i = 0; i < is_wanted.size(); ++i) {
      if (is_wanted[i]) gradients.push_back(leaf_gradient(builder, forward, adjoints, leaf, i));
    }
  };
  collect(wanted.operands, Primitive::operand);
  collect(wanted.weights, Primitive::weight);
  return without_detach(builder.finish(gradients));
}

Expression reading_result(const Expression& gradient, const Expression& forward) {
  Builder builder;
  const auto compose = [&](const Expression& expression, const auto& replaced) {
    std::vector<Term> terms;
    for (TermInfo info : expression.terms) {
      for (Term& term : info.terms) term = terms[term.index];
      terms.push_back(replaced(builder.make(info)));
    }
    return terms;
  };
  const Expression values = without_detach(forward);
  Term result = compose(values, [](Term term) { return term; })[values.results[0].index];
  while (builder.info(result).primitive == Primitive::reshape) result = builder.info(result).terms[0];
  const Dims dims = builder.dims(result);
  const Term kept = builder.operand(forward.operand_count() + 1, dims);
  const std::vector<Term> terms = compose(gradient, [&](Term term) { return term == result ? kept : term; });
  std::vector<Term> results;
  for (const Term term : gradient.results) results.push_back(terms[term.index]);
  Expression reading = builder.finish(results);
  return dear_terms(reading) < dear_terms(gradient) ? reading : gradient;
}

}  // namespace d2nn::expr
