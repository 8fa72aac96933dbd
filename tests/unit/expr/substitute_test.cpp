// Expressions in the place of others' operands.
#include "expr/substitute.h"

#include <doctest/doctest.h>

#include <array>

#include "evaluate.h"
#include "expr/compose.h"
#include "expr/recognise.h"

using namespace d2nn::expr;
using namespace d2nn::expr::test;

namespace {

/// operand 0 * weight 0 + operand 1.
Expression scaled_and_moved(const Dims& dims) {
  Builder builder;
  const Value x{builder, builder.operand(0, dims)}, y{builder, builder.operand(1, dims)};
  const Value w{builder, builder.weight(0, dims)};
  return builder.finish({x * w + y});
}

}  // namespace

TEST_CASE("the outer expression reads the result of the inner one, and its other leaves get new numbers") {
  const Expression line = scaled_and_moved({2});
  const Expression twice = compose(line, 0, line, std::array{0U, 2U}, 1);
  REQUIRE(verify(twice) == "");
  CHECK(twice.operand_count() == 3);
  CHECK(twice.weight_count() == 2);
  // (x * w0 + y) * w1 + z
  const Leaves leaves{{{1, 2}, {10, 20}, {5, 6}}, {{3, 4}, {2, -1}}};
  CHECK(evaluate(twice, leaves)[0] == Elements{(1 * 3 + 10) * 2 + 5, (2 * 4 + 20) * -1 + 6});

  // x * w1 + (x * w0 + y): operand 1 is computed, and operand 0 is the inner's.
  const Expression behind = compose(line, 1, line, std::array{0U, 0U}, 1);
  CHECK(behind.operand_count() == 2);
  CHECK(evaluate(behind, {{{1, 2}, {10, 20}}, {{3, 4}, {2, -1}}})[0] ==
        Elements{1 * 2 + (1 * 3 + 10), 2 * -1 + (2 * 4 + 20)});
}

TEST_CASE("a result is read under the dims under which the outer expression views it") {
  Builder inner;
  const Expression negated = inner.finish({-Value{inner, inner.operand(0, {2, 3})}});
  Builder outer;
  const Expression sums = outer.finish({outer.sum(outer.operand(0, {3, 2}), {1})});
  const Expression both = compose(sums, 0, negated, std::array{0U}, 0);
  REQUIRE(verify(both) == "");
  CHECK(evaluate(both, {{{1, 2, 3, 4, 5, 6}}, {}})[0] == Elements{-3, -7, -11});
}

TEST_CASE("a value that the outer expression reads twice is computed once") {
  Builder inner;
  const Expression exponential = inner.finish({exp(Value{inner, inner.operand(0, {4})})});
  Builder outer;
  const Value x{outer, outer.operand(0, {4})};
  const Expression both = compose(outer.finish({x * x + x}), 0, exponential, std::array{0U}, 0);
  std::size_t exponentials = 0;
  for (const TermInfo& term : both.terms) exponentials += term.primitive == Primitive::exp ? 1 : 0;
  CHECK(exponentials == 1);
  CHECK(is_placewise(both));
}

TEST_CASE("operands get other numbers, two of them the same one") {
  const Expression same = renumbered(scaled_and_moved({2}), std::array{1U, 1U});
  CHECK(evaluate(same, {{{}, {1, 2}}, {{3, 4}}})[0] == Elements{1 * 3 + 1, 2 * 4 + 2});
}

TEST_CASE("what is computed place by place can be viewed under other dims, and nothing else") {
  Builder builder;
  const Value x{builder, builder.operand(0, {2, 3})}, y{builder, builder.operand(1, {2, 3})};
  const std::optional<Expression> viewed = viewed_under(builder.finish({relu(x) * 0.5 + y}), {6, 1});
  REQUIRE(viewed);
  REQUIRE(verify(*viewed) == "");
  CHECK((*viewed)[viewed->results[0]].dims == Dims{6, 1});
  CHECK(evaluate(*viewed, {{{-1, 2, 3, 4, 5, 6}, {1, 1, 1, 1, 1, 1}}, {}})[0] == Elements{1, 2, 2.5, 3, 3.5, 4});

  const Value row{builder, builder.weight(0, {1, 3})};
  CHECK_FALSE(viewed_under(builder.finish({x * row}), {6, 1}));
  CHECK_FALSE(viewed_under(builder.finish({sum(x, {1})}), {2}));
  CHECK_FALSE(viewed_under(builder.finish({builder.permute(x, {1, 0})}), {6}));
}
