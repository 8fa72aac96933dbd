// Terms that are written as arithmetic: `x * sigmoid(x)`. A Value is a term with its builder; numbers beside it become
// constants. Everything goes through Builder, whose rules on dims hold.
#pragma once

#include <concepts>
#include <type_traits>

#include "expr/expression.h"

namespace d2nn::expr {

class Value {
 public:
  Value(Builder& builder, Term term) : builder_(&builder), term_(term) {}
  operator Term() const { return term_; }
  Builder& builder() const { return *builder_; }
  /// A copy: the builder's own moves when a term is made.
  Dims dims() const { return builder_->dims(term_); }
  /// The same term, which is made once; equal() compares elements.
  friend bool operator==(const Value& a, const Value& b) { return a.term_ == b.term_; }
  friend bool operator==(const Value& a, Term b) { return a.term_ == b; }

 private:
  Builder* builder_;  // outlives its values
  Term term_;
};

template <class T>
concept Number = std::is_arithmetic_v<T>;
template <class T>
concept ValueOrNumber = std::same_as<T, Value> || Number<T>;
/// At least one of the two is a Value.
template <class A, class B>
concept Operands = ValueOrNumber<A> && ValueOrNumber<B> && !(Number<A> && Number<B>);

inline Value as_value(const Value&, const Value& value) {
  return value;
}
inline Value as_value(const Value& beside, double number) {
  return {beside.builder(), beside.builder().constant(number)};
}

inline Value apply(Primitive primitive, const Value& a) {
  return {a.builder(), a.builder().unary(primitive, a)};
}
inline Value apply(Primitive primitive, const Value& a, const Value& b) {
  return {a.builder(), a.builder().binary(primitive, a, b)};
}
inline Value apply(Primitive primitive, const Value& a, double b) {
  return apply(primitive, a, as_value(a, b));
}
inline Value apply(Primitive primitive, double a, const Value& b) {
  return apply(primitive, as_value(b, a), b);
}

template <class A, class B>
  requires Operands<A, B>
Value operator+(const A& a, const B& b) {
  return apply(Primitive::add, a, b);
}
template <class A, class B>
  requires Operands<A, B>
Value operator-(const A& a, const B& b) {
  return apply(Primitive::subtract, a, b);
}
template <class A, class B>
  requires Operands<A, B>
Value operator*(const A& a, const B& b) {
  return apply(Primitive::multiply, a, b);
}
template <class A, class B>
  requires Operands<A, B>
Value operator/(const A& a, const B& b) {
  return apply(Primitive::divide, a, b);
}
inline Value operator-(const Value& x) {
  return apply(Primitive::negate, x);
}

inline Value exp(const Value& x) {
  return apply(Primitive::exp, x);
}
inline Value log(const Value& x) {
  return apply(Primitive::log, x);
}
inline Value sqrt(const Value& x) {
  return apply(Primitive::sqrt, x);
}
inline Value abs(const Value& x) {
  return apply(Primitive::abs, x);
}
inline Value tanh(const Value& x) {
  return apply(Primitive::tanh, x);
}
inline Value erf(const Value& x) {
  return apply(Primitive::erf, x);
}
inline Value detach(const Value& x) {
  return apply(Primitive::detach, x);
}

template <class A, class B>
  requires Operands<A, B>
Value maximum(const A& a, const B& b) {
  return apply(Primitive::maximum, a, b);
}
template <class A, class B>
  requires Operands<A, B>
Value minimum(const A& a, const B& b) {
  return apply(Primitive::minimum, a, b);
}
/// 1 where a > b, else 0.
template <class A, class B>
  requires Operands<A, B>
Value greater(const A& a, const B& b) {
  return apply(Primitive::greater, a, b);
}
template <class A, class B>
  requires Operands<A, B>
Value equal(const A& a, const B& b) {
  return apply(Primitive::equal, a, b);
}
/// a where the condition is not 0, else b.
template <ValueOrNumber A, ValueOrNumber B>
Value select(const Value& condition, const A& a, const B& b) {
  Builder& builder = condition.builder();
  const Value when_true = as_value(condition, a), when_false = as_value(condition, b);
  return {builder, builder.select(condition, when_true, when_false)};
}

using Axes = std::vector<std::int64_t>;
/// Reduced axes keep size 1.
inline Value sum(const Value& x, const Axes& axes) {
  return {x.builder(), x.builder().sum(x, axes)};
}
inline Value max(const Value& x, const Axes& axes) {
  return {x.builder(), x.builder().max(x, axes)};
}
inline Value mean(const Value& x, const Axes& axes) {
  return {x.builder(), x.builder().mean(x, axes)};
}

}  // namespace d2nn::expr
