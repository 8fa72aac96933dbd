// Composition of expressions: leaves, reductions, movements. What elementwise primitives come to is in simplify.cpp.
#include <algorithm>
#include <iterator>

#include "diag/internal_error.h"
#include "expr/expression.h"

namespace d2nn::expr {
namespace {

[[noreturn]] void refuse(const std::string& fault) {
  throw diag::InternalError("tensor expression: " + fault);
}

/// The size of an axis, to read and to change.
std::int64_t& size_of(Dims& dims, std::int64_t axis) {
  if (axis < 0 || axis >= static_cast<std::int64_t>(dims.size())) refuse("no axis " + std::to_string(axis));
  return dims[static_cast<std::size_t>(axis)];
}

/// The axes at which two dims of one rank differ.
std::vector<std::int64_t> differing_axes(const Dims& a, const Dims& b) {
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) axes.push_back(static_cast<std::int64_t>(i));
  }
  return axes;
}

/// dims with size 1 at the axes; those that do not exist are left to verify.
Dims reduced(Dims dims, std::span<const std::int64_t> axes) {
  for (std::int64_t axis : axes) {
    if (axis >= 0 && axis < static_cast<std::int64_t>(dims.size())) dims[static_cast<std::size_t>(axis)] = 1;
  }
  return dims;
}

}  // namespace

void Builder::check(const TermInfo& info) const {
  if (const std::string fault = verify_term(terms_, info); !fault.empty()) refuse(fault);
}

/// Expressions are short: looking through them is cheaper than keeping a map.
Term Builder::append(TermInfo info) {
  check(info);
  const auto found = std::find(terms_.begin(), terms_.end(), info);
  const Term term{static_cast<std::uint32_t>(found - terms_.begin())};
  if (found == terms_.end()) terms_.push_back(std::move(info));
  return term;
}

Term Builder::operand(std::uint32_t index, Dims dims) {
  return append({.primitive = Primitive::operand, .dims = std::move(dims), .index = index});
}

Term Builder::weight(std::uint32_t index, Dims dims) {
  return append({.primitive = Primitive::weight, .dims = std::move(dims), .index = index});
}

Term Builder::constant(double value) {
  return append({.primitive = Primitive::constant, .number = static_cast<float>(value)});
}

/// The constant under dims of another rank.
Term Builder::ranked(Term constant, std::size_t rank) {
  TermInfo info = this->info(constant);
  info.dims.assign(rank, 1);
  return append(std::move(info));
}

Term Builder::filled(float number, const Dims& dims) {
  return broadcast(constant(number), dims);
}

Term Builder::before_broadcast(Term term) const {
  return is(term, Primitive::broadcast) ? info(term).terms[0] : term;
}

std::optional<float> Builder::number(Term term) const {
  const TermInfo& source = info(before_broadcast(term));
  return source.primitive == Primitive::constant ? std::optional(source.number) : std::nullopt;
}

Term Builder::unary(Primitive primitive, Term a) {
  return elementwise(primitive, {a});
}
Term Builder::binary(Primitive primitive, Term a, Term b) {
  return elementwise(primitive, {a, b});
}
Term Builder::select(Term condition, Term when_true, Term when_false) {
  return elementwise(Primitive::select, {condition, when_true, when_false});
}

Term Builder::sum(Term a, std::vector<std::int64_t> axes) {
  return reduction(Primitive::sum, a, std::move(axes));
}
Term Builder::max(Term a, std::vector<std::int64_t> axes) {
  return reduction(Primitive::max, a, std::move(axes));
}

Term Builder::mean(Term a, std::vector<std::int64_t> axes) {
  const std::int64_t all = elements(dims(a));
  const Term total = sum(a, std::move(axes));
  const double count = static_cast<double>(all / elements(dims(total)));
  return binary(Primitive::multiply, total, constant(1 / count));
}

Term Builder::reduction(Primitive primitive, Term a, std::vector<std::int64_t> axes) {
  std::sort(axes.begin(), axes.end());
  if (axes.empty()) return a;
  const Dims dims = this->dims(a);
  check({.primitive = primitive, .terms = {a}, .dims = reduced(dims, axes), .axes = axes});
  std::erase_if(axes, [&](std::int64_t axis) { return dims[static_cast<std::size_t>(axis)] == 1; });
  if (axes.empty()) return a;

  const TermInfo inner = info(a);
  if (inner.primitive == Primitive::broadcast) {
    // Equal elements: their maximum is any of them, their sum their number times one.
    std::vector<std::int64_t> repeated, others;
    std::ranges::set_intersection(axes, differing_axes(this->dims(inner.terms[0]), dims), std::back_inserter(repeated));
    std::ranges::set_difference(axes, repeated, std::back_inserter(others));
    if (!repeated.empty()) {
      const Dims once = reduced(dims, repeated);
      const Term rest = reduction(primitive, broadcast(inner.terms[0], once), others);
      if (primitive == Primitive::max) return rest;
      const double times = static_cast<double>(elements(dims) / elements(once));
      return binary(Primitive::multiply, rest, constant(times));
    }
  }
  if (inner.primitive == primitive) {
    axes.insert(axes.end(), inner.axes.begin(), inner.axes.end());  // disjoint: reduced axes have size 1
    return reduction(primitive, inner.terms[0], std::move(axes));
  }
  if (inner.primitive == Primitive::negate && primitive == Primitive::sum) {
    return unary(Primitive::negate, reduction(primitive, inner.terms[0], std::move(axes)));
  }
  return append({.primitive = primitive, .terms = {a}, .dims = reduced(dims, axes), .axes = axes});
}

Term Builder::broadcast(Term a, const Dims& dims) {
  const Dims wanted = dims;  // may be a term's, which moves when one is made
  if (is(a, Primitive::constant)) a = ranked(a, wanted.size());
  if (this->dims(a) == wanted) return a;
  check({.primitive = Primitive::broadcast, .terms = {a}, .dims = wanted});
  return append({.primitive = Primitive::broadcast, .terms = {before_broadcast(a)}, .dims = wanted});
}

Term Builder::reshape(Term a, Dims dims) {
  TermInfo info = this->info(a);
  if (info.dims == dims) return a;
  check({.primitive = Primitive::reshape, .terms = {a}, .dims = dims});
  if (const auto number = this->number(a)) return filled(*number, dims);
  if (family(info.primitive) == Family::leaf) {
    info.dims = std::move(dims);
    return append(std::move(info));
  }
  if (info.primitive == Primitive::reshape) return reshape(info.terms[0], std::move(dims));
  return append({.primitive = Primitive::reshape, .terms = {a}, .dims = std::move(dims)});
}

Term Builder::permute(Term a, std::vector<std::int64_t> axes) {
  TermInfo made{.primitive = Primitive::permute, .terms = {a}, .axes = std::move(axes)};
  TermInfo info = this->info(a);
  std::vector<std::int64_t> moved;  // axes that have more than one element: only their order matters
  for (std::int64_t axis : made.axes) {
    made.dims.push_back(size_of(info.dims, axis));
    if (made.dims.back() > 1) moved.push_back(axis);
  }
  check(made);
  if (std::is_sorted(moved.begin(), moved.end())) return reshape(a, std::move(made.dims));
  if (const auto number = this->number(a)) return filled(*number, made.dims);
  if (info.primitive == Primitive::permute) {
    for (std::int64_t& axis : made.axes) axis = info.axes[static_cast<std::size_t>(axis)];
    return permute(info.terms[0], std::move(made.axes));
  }
  return append(std::move(made));
}

Term Builder::slice(Term a, std::int64_t axis, std::int64_t from, std::int64_t to) {
  TermInfo made{.primitive = Primitive::slice, .terms = {a}, .dims = dims(a), .axes = {axis}, .from = from, .to = to};
  size_of(made.dims, axis) = to - from;
  check(made);
  if (made.dims == dims(a)) return a;
  if (const auto number = this->number(a)) return filled(*number, made.dims);
  return append(std::move(made));
}

Term Builder::pad(Term a, std::int64_t axis, std::int64_t before, std::int64_t after, float value) {
  TermInfo made{.primitive = Primitive::pad,
                .terms = {a},
                .dims = dims(a),
                .number = value,
                .axes = {axis},
                .from = before,
                .to = after};
  size_of(made.dims, axis) += before + after;
  check(made);
  if (made.dims == dims(a)) return a;
  if (number(a) == value) return filled(value, made.dims);
  return append(std::move(made));
}

Term Builder::repeat(Term a, std::int64_t axis, std::int64_t times) {
  TermInfo made{.primitive = Primitive::repeat, .terms = {a}, .dims = dims(a), .axes = {axis}, .from = times};
  std::int64_t& size = size_of(made.dims, axis);
  const bool is_broadcast = size == 1;
  size *= times;
  check(made);
  if (times == 1) return a;
  if (is_broadcast) return broadcast(a, made.dims);
  if (const auto number = this->number(a)) return filled(*number, made.dims);
  return append(std::move(made));
}

Term Builder::make(const TermInfo& info) {
  switch (info.primitive) {
    case Primitive::operand:
    case Primitive::weight:
    case Primitive::constant:
      return append(info);
    case Primitive::sum:
    case Primitive::max:
      return reduction(info.primitive, info.terms[0], info.axes);
    case Primitive::broadcast:
      return broadcast(info.terms[0], info.dims);
    case Primitive::reshape:
      return reshape(info.terms[0], info.dims);
    case Primitive::permute:
      return permute(info.terms[0], info.axes);
    case Primitive::slice:
      return slice(info.terms[0], info.axes[0], info.from, info.to);
    case Primitive::pad:
      return pad(info.terms[0], info.axes[0], info.from, info.to, info.number);
    case Primitive::repeat:
      return repeat(info.terms[0], info.axes[0], info.from);
    default:
      return elementwise(info.primitive, info.terms);
  }
}

/// A term's number does not depend on when it was made, which for `f(a(x), b(x))` is the C++ compiler's choice.
Expression Builder::finish(const std::vector<Term>& results) const {
  Expression expression;
  std::vector<Term> renumbered(terms_.size());
  const auto place = [&](const auto& self, Term term) -> Term {
    Term& placed = renumbered.at(term.index);
    if (placed != Term{}) return placed;
    TermInfo info = terms_[term.index];
    for (Term& needed : info.terms) needed = self(self, needed);
    expression.terms.push_back(std::move(info));
    return placed = Term{static_cast<std::uint32_t>(expression.terms.size() - 1)};
  };
  for (Term result : results) expression.results.push_back(place(place, result));
  return expression;
}

}  // namespace d2nn::expr
