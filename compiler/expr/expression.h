// Tensor expressions: what a layer that is arithmetic means, written once. Inference, the forward pass of training and,
// through gradient() (gradient.h), the backward pass are emitted from it (codegen/expressions). A few primitives, as in
// tinygrad; a layer composes them.
//
// An Expression is a list of terms in topological order, about one sample. Elementwise primitives take operands of equal
// dims: the Builder inserts the broadcasts. Reductions keep the reduced axes with size 1. Everything is f32.
//
// NaN and infinities follow IEEE 754 and PyTorch: maximum, minimum and the reduction max hand NaN on; a comparison with
// NaN is false.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace d2nn::expr {

/// Sizes of a tensor of one sample, outermost first; every one at least 1. Rank 0 to 8 at the doors; the view of a leaf
/// may have more.
using Dims = std::vector<std::int64_t>;
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

/// A term of one Expression, by its position.
struct Term {
  std::uint32_t index = ~0U;
  friend bool operator==(Term, Term) = default;
};

struct TermInfo {
  Primitive primitive = Primitive::constant;
  std::vector<Term> terms;  ///< what it is computed from; earlier in the list
  Dims dims;                ///< of the result
  std::uint32_t index = 0;  ///< operand, weight
  float number = 0;         ///< constant; pad: the value put there
  std::vector<std::int64_t> axes;
  std::int64_t from = 0, to = 0;
};

struct Expression {
  std::vector<TermInfo> terms;
  std::vector<Term> results;

  const TermInfo& operator[](Term term) const { return terms[term.index]; }
  std::uint32_t operand_count() const;
  std::uint32_t weight_count() const;
};

/// Composes an expression. Equal terms are made once; arithmetic on constants is done at once, `x + 0`, `x * 1`, `x / 1`
/// and movements that change nothing give x. Dims that do not fit are a defect of the caller: the shape rule of the
/// layer has refused them before (D2NN_CHECK-like, InternalError).
class Builder {
 public:
  Term operand(std::uint32_t index, Dims dims);
  Term weight(std::uint32_t index, Dims dims);
  /// Fits any dims: broadcast where it meets another term.
  Term constant(double value);

  Term unary(Primitive primitive, Term a);
  /// Broadcasts axes of size 1 (and a constant) to the other's; ranks must agree unless one is a constant.
  Term binary(Primitive primitive, Term a, Term b);
  Term select(Term condition, Term when_true, Term when_false);

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

  const Dims& dims(Term term) const;
  const TermInfo& info(Term term) const;
  /// Leaves out what no result needs, and renumbers.
  Expression finish(std::vector<Term> results);

 private:
  Term append(TermInfo info);
  std::vector<TermInfo> terms_;
};

/// Whether the expression has one result of the dims of operand 0, and element i of it depends on element i of that
/// operand alone, on constants, and on elements of weights or other operands at the same place (or broadcast to it):
/// what a kernel can apply to its sums before it stores them.
bool is_pointwise(const Expression& expression);

/// One line a term: "%3 = multiply %1, %2 : [4, 8]"; last "result %3". The stable text of the plan's printer and tests.
std::string to_string(const Expression& expression);

/// What is wrong with an expression, or "": every term's rank, dims, axes and order.
std::string verify(const Expression& expression);

}  // namespace d2nn::expr
