// Random compositions, made by the Builder and beside it step by step by the naive evaluator.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>

#include "evaluate.h"
#include "expr/expression.h"

namespace d2nn::expr::test {

inline bool are_near(const Elements& a, const Elements& b, double tolerance) {
  const auto near = [&](double x, double y) {
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) && std::isnan(y);
    return x == y || std::fabs(x - y) <= tolerance * std::max({1.0, std::fabs(x), std::fabs(y)});
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), near);
}

class RandomExpression {
 public:
  struct Kinds {
    bool smooth;  ///< only what finite differences can follow
  };

  RandomExpression(unsigned seed, Kinds kinds) : kinds_(kinds), random_(seed) {
    for (std::uint32_t i = 0; i < 2; ++i) {
      leaves_.operands.push_back(random_elements({2, 3, 2}, random_, -1.5, 1.5));
      remember(builder_.operand(i, {2, 3, 2}), leaves_.operands.back());
    }
    leaves_.weights.push_back(random_elements({1, 3, 1}, random_, -1.5, 1.5));
    remember(builder_.weight(0, {1, 3, 1}), leaves_.weights.back());
    for (double number : {0.0, 1.0, -1.0, 0.5}) remember(builder_.constant(number), {number});
    // Rounding must not decide, so conditions are comparisons of leaves.
    condition_ = step({.primitive = Primitive::greater, .terms = {terms_[0], terms_[1]}, .dims = {2, 3, 2}});
  }

  /// One more term of some of those before it.
  void grow() {
    const Term a = any();
    const Dims dims = builder_.dims(a);
    switch (pick(14)) {
      case 0:
        step({.primitive = Primitive::negate, .terms = {a}});
        break;
      case 1:
        step({.primitive = Primitive::tanh, .terms = {a}});
        break;
      case 2:
        step({.primitive = kinds_.smooth ? Primitive::erf : Primitive::abs, .terms = {a}});
        break;
      case 3:
        step({.primitive = kinds_.smooth ? Primitive::tanh : Primitive::detach, .terms = {a}});
        break;
      case 4:
      case 5:
      case 6: {
        constexpr Primitive smooth[]{Primitive::add, Primitive::subtract, Primitive::multiply};
        constexpr Primitive kinked[]{Primitive::maximum, Primitive::minimum, Primitive::add};
        const std::size_t which = pick(3);
        step({.primitive = kinds_.smooth || pick(2) == 0 ? smooth[which] : kinked[which], .terms = {a, partner(a)}});
        break;
      }
      case 7:
        if (dims == Dims{2, 3, 2}) step({.primitive = Primitive::select, .terms = {condition_, a, partner(a)}});
        break;
      case 8:
        reduce(Primitive::sum, a);
        break;
      case 9:
        reduce(kinds_.smooth ? Primitive::sum : Primitive::max, a);
        break;
      case 10: {
        if (dims.size() != 3) break;
        std::vector<std::int64_t> axes{0, 1, 2};
        std::shuffle(axes.begin(), axes.end(), random_);
        step({.primitive = Primitive::permute, .terms = {a}, .axes = axes});
        break;
      }
      case 11: {
        if (dims.empty() || elements(dims) > 24) break;
        const auto axis = static_cast<std::int64_t>(pick(dims.size()));
        const std::int64_t size = dims[static_cast<std::size_t>(axis)];
        const std::int64_t from = static_cast<std::int64_t>(pick(static_cast<std::size_t>(size)));
        switch (pick(3)) {
          case 0:
            step({.primitive = Primitive::slice, .terms = {a}, .axes = {axis}, .from = from, .to = size});
            break;
          case 1:
            step({.primitive = Primitive::pad, .terms = {a}, .number = 0.5F, .axes = {axis}, .from = from, .to = 1});
            break;
          default:
            step({.primitive = Primitive::repeat, .terms = {a}, .axes = {axis}, .from = 2});
        }
        break;
      }
      case 12: {
        if (dims.empty()) break;
        Dims wider = dims;
        for (std::int64_t& size : wider) size = size == 1 ? 2 : size;
        step({.primitive = Primitive::broadcast, .terms = {a}, .dims = wider});
        break;
      }
      default:
        step({.primitive = Primitive::reshape, .terms = {a}, .dims = {1, elements(dims), 1}});
    }
  }

  /// Every term made so far is a result, in the order of values().
  Expression finish_all() const { return builder_.finish(terms_); }
  /// One number that depends on every term.
  Expression finish_total() {
    Term total = builder_.constant(0);
    for (Term term : terms_) {
      const Term bounded = builder_.unary(Primitive::tanh, term);
      const Term flat = builder_.reshape(bounded, {elements(builder_.dims(bounded))});
      total = builder_.binary(Primitive::add, builder_.sum(flat, {0}), total);
    }
    return builder_.finish({total});
  }
  const std::vector<Elements>& values() const { return values_; }
  const Leaves& leaves() const { return leaves_; }

 private:
  std::size_t pick(std::size_t count) { return random_() % count; }
  Term any() { return terms_[pick(terms_.size())]; }

  /// A term that a can meet: of its dims, or a constant.
  Term partner(Term a) {
    for (int attempt = 0; attempt < 20; ++attempt) {
      const Term b = any();
      const Dims &x = builder_.dims(a), &y = builder_.dims(b);
      if (y.empty()) return b;
      bool fits = x.size() == y.size();
      for (std::size_t i = 0; fits && i < x.size(); ++i) fits = y[i] == x[i] || y[i] == 1;
      if (fits) return b;
    }
    return a;
  }

  void reduce(Primitive primitive, Term a) {
    std::vector<std::int64_t> axes;
    for (std::size_t i = 0; i < builder_.dims(a).size(); ++i) {
      if (pick(2) == 0) axes.push_back(static_cast<std::int64_t>(i));
    }
    if (!axes.empty()) step({.primitive = primitive, .terms = {a}, .axes = axes});
  }

  Term remember(Term term, Elements values) {
    terms_.push_back(term);
    values_.push_back(std::move(values));
    return term;
  }

  /// Makes the term, and evaluates this one primitive of the values of its terms.
  Term step(TermInfo info) {
    std::vector<Elements> inputs;
    for (Term term : info.terms) {
      const auto known = std::find(terms_.begin(), terms_.end(), term) - terms_.begin();
      inputs.push_back(values_[static_cast<std::size_t>(known)]);
    }
    const Term made = builder_.make(info);
    info.dims = builder_.dims(made);
    Expression alone;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Dims dims = builder_.dims(info.terms[i]);
      if (family(info.primitive) == Family::elementwise && dims != info.dims) {
        if (dims.empty()) dims.assign(info.dims.size(), 1);
        inputs[i] =
            evaluate_term({{{.dims = dims}}, {}},
                          {.primitive = Primitive::broadcast, .terms = {Term{0}}, .dims = info.dims}, {inputs[i]}, {});
        dims = info.dims;
      }
      alone.terms.push_back({.primitive = Primitive::operand, .dims = dims, .index = static_cast<std::uint32_t>(i)});
      info.terms[i] = Term{static_cast<std::uint32_t>(i)};
    }
    return remember(made, evaluate_term(alone, info, inputs, {}));
  }

  Kinds kinds_;
  std::mt19937 random_;
  Builder builder_;
  Leaves leaves_;
  std::vector<Term> terms_;
  std::vector<Elements> values_;
  Term condition_;
};

}  // namespace d2nn::expr::test
