// Tensor expressions: what a layer that is arithmetic means, written once. Inference, the forward pass of training and,
// through gradient() (gradient.h), the backward pass are emitted from it (codegen/expressions). A few primitives, as in
// tinygrad; a layer composes them.
//
// An Expression is a list of terms in topological order, about one sample. Elementwise primitives take operands of
// equal dims: the Builder inserts the broadcasts. Reductions keep the reduced axes with size 1. Everything is f32.
//
// NaN and infinities follow IEEE 754 and PyTorch: maximum, minimum and the reduction max hand NaN on; a comparison with
// NaN is false.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace d2nn::expr {

/// Sizes of a tensor of one sample, outermost first; every one at least 1. Rank 0 to 8 at the doors; the view of a leaf
/// may have more.
using Dims = std::vector<std::int64_t>;
/// The product of the sizes; 1 at rank 0.
std::int64_t elements(const Dims& dims);

enum class Primitive : std::uint8_t {
  // Leaves. They may be viewed under any dims with as many elements.
  operand,   ///< tensor number `index` that the layer reads
  weight,    ///< tensor number `index` of the layer's weights
  constant,  ///< `number` everywhere; its dims are all 1
  // Elementwise, of one term.
  negate,
  exp,
  log,
  sqrt,
  abs,
  tanh,
  erf,
  detach,  ///< its term; no gradient flows through it
  // Elementwise, of two terms.
  add,
  subtract,
  multiply,
  divide,
  maximum,
  minimum,
  greater,  ///< 1 where a > b, else 0
  equal,    ///< 1 where a == b, else 0
  // Elementwise, of three.
  select,  ///< b where a != 0, else c
  // Reductions over `axes` (ascending).
  sum,
  max,
  // Movements.
  broadcast,  ///< axes of size 1 repeated up to `dims`
  reshape,    ///< the same elements in the same order under `dims`
  permute,    ///< axis i of the result is axis axes[i] of the term
  slice,      ///< along axis axes[0], elements `from` up to but not including `to`
  pad,        ///< along axis axes[0], `from` times `number` before and `to` times behind
  repeat,     ///< along axis axes[0], each element `from` times in a row (nearest upsampling)
};
inline constexpr std::size_t primitive_count = static_cast<std::size_t>(Primitive::repeat) + 1;
/// "multiply"; as printed.
const char* spelling(Primitive primitive);

enum class Family : std::uint8_t { leaf, elementwise, reduction, movement };
Family family(Primitive primitive);
/// How many terms it is computed from: 0 to 3.
std::size_t arity(Primitive primitive);

/// A term of one Expression, by its position.
struct Term {
  std::uint32_t index = ~0U;
  friend bool operator==(Term, Term) = default;
};

/// What does not belong to the primitive keeps its default.
struct TermInfo {
  Primitive primitive = Primitive::constant;
  std::vector<Term> terms = {};  ///< what it is computed from; earlier in the list
  Dims dims = {};                ///< of the result
  std::uint32_t index = 0;       ///< operand, weight
  float number = 0;              ///< constant; pad: the value put there
  std::vector<std::int64_t> axes = {};
  std::int64_t from = 0, to = 0;
  /// The same term: numbers are compared by their bits, so that NaN is itself and -0 is not 0.
  friend bool operator==(const TermInfo& a, const TermInfo& b);
};

struct Expression {
  std::vector<TermInfo> terms;
  std::vector<Term> results;

  const TermInfo& operator[](Term term) const { return terms[term.index]; }
  /// One more than the greatest number of an operand (a weight) that is read; 0 when none is.
  std::uint32_t operand_count() const;
  std::uint32_t weight_count() const;
};

/// Composes an expression and keeps it small: equal terms are made once, arithmetic on constants is done at once,
/// elementwise work is done before its terms are broadcast, and what changes nothing (`x + 0`, `x * 1`, `x / 1`, a
/// movement to the same place, a sum over sizes of 1) gives x. No rule changes a value but for the sign of zero and the
/// rounding of a sum; so `x * 0` stays, which is NaN for an infinite x.
///
/// Dims that do not fit are a defect of the caller, since the shape rule of the layer has refused them before:
/// diag::InternalError.
class Builder {
 public:
  Term operand(std::uint32_t index, Dims dims);
  Term weight(std::uint32_t index, Dims dims);
  /// Rounded to f32. Fits any dims: broadcast where it meets another term.
  Term constant(double value);

  Term unary(Primitive primitive, Term a);
  /// Broadcasts axes of size 1 (and a constant) to the other's; ranks must agree unless one is a constant.
  Term binary(Primitive primitive, Term a, Term b);
  Term select(Term condition, Term when_true, Term when_false);

  /// Axes in any order, each once.
  Term sum(Term a, std::vector<std::int64_t> axes);
  Term max(Term a, std::vector<std::int64_t> axes);
  /// The sum times 1 / count.
  Term mean(Term a, std::vector<std::int64_t> axes);

  Term broadcast(Term a, const Dims& dims);
  Term reshape(Term a, Dims dims);
  Term permute(Term a, std::vector<std::int64_t> axes);
  Term slice(Term a, std::int64_t axis, std::int64_t from, std::int64_t to);
  Term pad(Term a, std::int64_t axis, std::int64_t before, std::int64_t after, float value = 0);
  Term repeat(Term a, std::int64_t axis, std::int64_t times);

  /// Composes a term from its description, whose terms are this builder's: how an expression is copied, perhaps with
  /// other terms in some places. The dims of what computes its own (all but leaves, broadcast and reshape) are not
  /// read.
  Term make(const TermInfo& info);

  /// References live until the next term is made.
  const Dims& dims(Term term) const { return info(term).dims; }
  const TermInfo& info(Term term) const { return terms_.at(term.index); }
  /// What a broadcast repeats; any other term itself.
  Term before_broadcast(Term term) const;
  /// The number that every element is known to be: that of a constant, also broadcast.
  std::optional<float> number(Term term) const;

  /// Leaves out what no result needs, and numbers the terms in the order in which the results read them.
  Expression finish(const std::vector<Term>& results) const;

 private:
  void check(const TermInfo& info) const;
  Term append(TermInfo info);
  Term elementwise(Primitive primitive, std::vector<Term> terms);
  Term reduction(Primitive primitive, Term a, std::vector<std::int64_t> axes);
  Term filled(float number, const Dims& dims);
  Term ranked(Term constant, std::size_t rank);

  // simplify.cpp: what an elementwise primitive of terms before their broadcasts comes to, if that is less than itself.
  std::optional<Term> simplified(Primitive primitive, std::span<const Term> terms);
  std::optional<Term> simplified_sum(Term a, Term b);
  std::optional<Term> simplified_product(Primitive primitive, Term a, Term b);
  std::optional<Term> simplified_select(Term condition, Term when_true, Term when_false);
  bool is(Term term, Primitive primitive) const { return info(term).primitive == primitive; }
  bool is(Term term, float number) const { return this->number(term) == number; }

  std::vector<TermInfo> terms_;
};

/// The same values computed without detach: what is emitted where no gradient is taken (relu becomes one maximum).
Expression without_detach(const Expression& expression);

/// One line a term: "%3 = multiply %1, %2 : [4, 8]"; last "result %3". The stable text of the plan's printer and tests.
std::string to_string(const Expression& expression);

/// What is wrong with an expression, or "": every term's rank, dims, axes and order.
std::string verify(const Expression& expression);
/// What is wrong with a term behind those before it, or "".
std::string verify_term(std::span<const TermInfo> before, const TermInfo& info);

}  // namespace d2nn::expr
