// What the Builder makes of what it is told: that it is less, that it means the same, and that nonsense is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "diag/internal_error.h"
#include "expr/compose.h"
#include "random_expression.h"

using namespace d2nn::expr;
using namespace d2nn::expr::test;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

struct Composing {
  Builder builder;
  Value x{builder, builder.operand(0, {2, 3})};
  Value y{builder, builder.operand(1, {2, 3})};
  Value row{builder, builder.weight(0, {1, 3})};
  Value number(double value) { return {builder, builder.constant(value)}; }
};

std::string text(const Value& result) {
  return to_string(result.builder().finish({result}));
}

}  // namespace

TEST_CASE_FIXTURE(Composing, "equal terms are made once") {
  CHECK(x + y == x + y);
  CHECK(x + y == y + x);
  CHECK(maximum(x, y) == maximum(y, x));
  CHECK(x - y != y - x);
  CHECK(sum(x, {0, 1}) == sum(x, {1, 0}));
  CHECK(x + 1 != x + 2);
  CHECK(builder.operand(0, {2, 3}) == x);
  CHECK(number(not_a_number) == number(not_a_number));
}

TEST_CASE_FIXTURE(Composing, "arithmetic on constants is done in f32") {
  CHECK(builder.number(number(1) / number(3)) == 1.0F / 3.0F);
  CHECK(builder.number(number(16777216) + number(1)) == 16777216.0F + 1.0F);
  CHECK(builder.number(sqrt(number(2))) == std::sqrt(2.0F));
  CHECK(builder.number(number(-1) / number(0)) == -infinity);
  CHECK(std::isnan(builder.number(maximum(number(not_a_number), number(1))).value()));
  CHECK(builder.number(greater(number(not_a_number), number(1))) == 0.0F);
  CHECK(builder.number(select(number(not_a_number), number(1), number(2))) == 1.0F);
  CHECK(text(x * (number(2) * number(3) + 1)) ==
        "%0 = operand 0 : [2, 3]\n"
        "%1 = constant 7 : [1, 1]\n"
        "%2 = broadcast %1 : [2, 3]\n"
        "%3 = multiply %0, %2 : [2, 3]\n"
        "result %3\n");
}

TEST_CASE_FIXTURE(Composing, "constants stay constants through reductions and movements") {
  const Term ones = builder.broadcast(number(2), {2, 3});
  CHECK(builder.number(builder.sum(ones, {1})) == 6.0F);
  CHECK(builder.dims(builder.sum(ones, {1})) == Dims{2, 1});
  CHECK(builder.number(builder.max(ones, {0, 1})) == 2.0F);
  CHECK(builder.number(builder.permute(ones, {1, 0})) == 2.0F);
  CHECK(builder.dims(builder.permute(ones, {1, 0})) == Dims{3, 2});
  CHECK(builder.number(builder.reshape(ones, {6})) == 2.0F);
  CHECK(builder.number(builder.slice(ones, 1, 1, 2)) == 2.0F);
  CHECK(builder.number(builder.repeat(ones, 1, 2)) == 2.0F);
  CHECK(builder.number(builder.pad(ones, 0, 1, 0, 2)) == 2.0F);
  CHECK_FALSE(builder.number(builder.pad(ones, 0, 1, 0, 3)).has_value());
}

TEST_CASE_FIXTURE(Composing, "what changes nothing gives its term") {
  CHECK(x + 0 == x);
  CHECK(0 + x == x);
  CHECK(x - 0 == x);
  CHECK(x * 1 == x);
  CHECK(1 * x == x);
  CHECK(x / 1 == x);
  CHECK(-(-x) == x);
  CHECK(detach(detach(x)) == detach(x));
  CHECK(maximum(x, x) == x);
  CHECK(select(greater(x, y), x, x) == x);
  CHECK(select(number(1), x, y) == x);
  CHECK(select(number(0), x, y) == y);
  CHECK(builder.broadcast(x, {2, 3}) == x);
  CHECK(builder.reshape(x, {2, 3}) == x);
  CHECK(builder.permute(x, {0, 1}) == x);
  CHECK(builder.slice(x, 1, 0, 3) == x);
  CHECK(builder.pad(x, 1, 0, 0) == x);
  CHECK(builder.repeat(x, 1, 1) == x);
  CHECK(sum(row, {0}) == row);
  CHECK(max(row, {0}) == row);
  CHECK(sum(x, {}) == x);
}

TEST_CASE_FIXTURE(Composing, "x * 0 stays, for an infinite x makes it NaN") {
  CHECK_FALSE(builder.number(x * 0).has_value());
  CHECK_FALSE(builder.number(x - x).has_value());
}

TEST_CASE_FIXTURE(Composing, "negations become subtractions or wander out") {
  CHECK(x + -y == x - y);
  CHECK(-x + y == y - x);
  CHECK(x - -y == x + y);
  CHECK(-x * y == -(x * y));
  CHECK(x * -y == -(x * y));
  CHECK(-x / -y == x / y);
  CHECK(x * -1 == -x);
  CHECK(-1 * x == -x);
  CHECK(sum(-x, {1}) == -sum(x, {1}));
  CHECK(x + -row == x - row);  // also below a broadcast
}

TEST_CASE_FIXTURE(Composing, "selects on one condition become one") {
  const Value condition = greater(x, y);
  CHECK(select(condition, x, 0) + select(condition, 0, y) == select(condition, x, y));
  CHECK(select(condition, 0, y) + select(condition, x, 0) == select(condition, x, y));
  CHECK(select(condition, select(condition, x, 7), y) == select(condition, x, y));
  CHECK(select(condition, x, select(condition, 7, y)) == select(condition, x, y));
  CHECK(select(condition, x, maximum(x, y)) == maximum(x, y));
  CHECK(select(condition, y, minimum(x, y)) == minimum(x, y));
  // Not these: they differ where one is NaN, or take the other one.
  CHECK(select(condition, x, y) != maximum(x, y));
  CHECK(select(condition, y, maximum(x, y)) != maximum(x, y));
}

TEST_CASE_FIXTURE(Composing, "movements of movements are one") {
  const Term big = builder.broadcast(builder.broadcast(builder.reshape(row, {1, 3, 1}), {2, 3, 1}), {2, 3, 4});
  CHECK(builder.dims(builder.before_broadcast(big)) == Dims{1, 3, 1});
  CHECK(builder.reshape(x, {6}) == builder.operand(0, {6}));  // a leaf has no dims of its own
  const Term computed = exp(x);
  CHECK(builder.reshape(builder.reshape(computed, {6}), {2, 3}) == computed);
  const Term image = exp(Value(builder, builder.operand(2, {2, 3, 4})));
  CHECK(builder.permute(builder.permute(image, {1, 2, 0}), {2, 0, 1}) == image);
  CHECK(builder.permute(builder.permute(image, {1, 2, 0}), {1, 2, 0}) == builder.permute(image, {2, 0, 1}));
  CHECK(builder.permute(row, {1, 0}) == builder.weight(0, {3, 1}));  // nothing moves
  CHECK(builder.repeat(row, 0, 2) == builder.broadcast(row, {2, 3}));
}

TEST_CASE_FIXTURE(Composing, "elementwise work is done before its terms are broadcast") {
  CHECK(text(x * sqrt(row + 1)) ==
        "%0 = operand 0 : [2, 3]\n"
        "%1 = weight 0 : [1, 3]\n"
        "%2 = constant 1 : [1, 1]\n"
        "%3 = broadcast %2 : [1, 3]\n"
        "%4 = add %1, %3 : [1, 3]\n"
        "%5 = sqrt %4 : [1, 3]\n"
        "%6 = broadcast %5 : [2, 3]\n"
        "%7 = multiply %0, %6 : [2, 3]\n"
        "result %7\n");
  const Value wide{builder, builder.broadcast(row, {2, 3})};
  CHECK(exp(wide) == builder.broadcast(exp(row), {2, 3}));
  CHECK(sum(wide, {0}) == row * 2);
  CHECK(sum(wide, {0, 1}) == sum(row, {1}) * 2);
  CHECK(max(wide, {0}) == row);
  CHECK(sum(sum(x, {0}), {1}) == sum(x, {0, 1}));
}

TEST_CASE_FIXTURE(Composing, "mean is the sum times one over the count") {
  CHECK(mean(x, {1}) == sum(x, {1}) * (1.0 / 3));
  CHECK(mean(x, {0, 1}) == sum(x, {0, 1}) * (1.0 / 6));
}

TEST_CASE_FIXTURE(Composing, "finish leaves out what no result needs and keeps the order of results") {
  exp(y);
  const Expression expression = builder.finish({x * row, row});
  CHECK(to_string(expression) ==
        "%0 = operand 0 : [2, 3]\n"
        "%1 = weight 0 : [1, 3]\n"
        "%2 = broadcast %1 : [2, 3]\n"
        "%3 = multiply %0, %2 : [2, 3]\n"
        "result %3, %1\n");
  CHECK(expression.operand_count() == 1);
  CHECK(expression.weight_count() == 1);
  CHECK(builder.finish({y}).operand_count() == 2);
  CHECK(builder.finish({y}).weight_count() == 0);
}

TEST_CASE_FIXTURE(Composing, "what does not fit is refused") {
  using d2nn::diag::InternalError;
  const Term other = builder.operand(2, {2, 4});
  CHECK_THROWS_WITH_AS(builder.binary(Primitive::add, x, other),
                       "tensor expression: broadcast cannot repeat [2, 3] up to [2, 4]", InternalError);
  CHECK_THROWS_AS(builder.binary(Primitive::add, x, builder.operand(3, {3})), InternalError);
  CHECK_THROWS_AS(builder.unary(Primitive::add, x), InternalError);
  CHECK_THROWS_AS(builder.unary(Primitive::sum, x), InternalError);
  CHECK_THROWS_AS(builder.sum(x, {2}), InternalError);
  CHECK_THROWS_AS(builder.sum(x, {1, 1}), InternalError);
  CHECK_THROWS_AS(builder.max(row, {-1}), InternalError);
  CHECK_THROWS_AS(builder.broadcast(x, {2, 6}), InternalError);
  CHECK_THROWS_AS(builder.reshape(x, {5}), InternalError);
  CHECK_THROWS_AS(builder.permute(x, {0, 0}), InternalError);
  CHECK_THROWS_AS(builder.permute(x, {0, 2}), InternalError);
  CHECK_THROWS_AS(builder.slice(x, 1, 2, 2), InternalError);
  CHECK_THROWS_AS(builder.slice(x, 2, 0, 1), InternalError);
  CHECK_THROWS_AS(builder.pad(x, 0, -1, 1), InternalError);
  CHECK_THROWS_AS(builder.repeat(x, 0, 0), InternalError);
  CHECK_THROWS_AS(builder.operand(0, {2, 0}), InternalError);
}

TEST_CASE_FIXTURE(Composing, "without detach relu is one maximum") {
  CHECK(to_string(without_detach(builder.finish({relu(x)}))) ==
        "%0 = operand 0 : [2, 3]\n"
        "%1 = constant 0 : [1, 1]\n"
        "%2 = broadcast %1 : [2, 3]\n"
        "%3 = maximum %0, %2 : [2, 3]\n"
        "result %3\n");
  CHECK(to_string(without_detach(builder.finish({relu6(x)}))) ==
        "%0 = operand 0 : [2, 3]\n"
        "%1 = constant 0 : [1, 1]\n"
        "%2 = broadcast %1 : [2, 3]\n"
        "%3 = maximum %0, %2 : [2, 3]\n"
        "%4 = constant 6 : [1, 1]\n"
        "%5 = broadcast %4 : [2, 3]\n"
        "%6 = minimum %3, %5 : [2, 3]\n"
        "result %6\n");
}

TEST_CASE("random compositions mean what their steps mean one by one") {
  std::size_t steps = 0, terms = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    RandomExpression random(seed, {.smooth = false});
    for (int step = 0; step < 20; ++step) random.grow();
    const Expression expression = random.finish_all();
    CAPTURE(to_string(expression));
    REQUIRE(verify(expression) == "");
    const std::vector<Elements> results = evaluate(expression, random.leaves());
    const std::vector<Elements> without = evaluate(without_detach(expression), random.leaves());
    for (std::size_t i = 0; i < results.size(); ++i) {
      REQUIRE(are_near(results[i], random.values()[i], 1e-4));
      REQUIRE(are_near(without[i], random.values()[i], 1e-4));
    }
    steps += results.size();
    terms += expression.terms.size();
  }
  CHECK(steps > 6000);
  CHECK(terms > 3000);
}
