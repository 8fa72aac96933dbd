// The rule of every primitive against finite differences, and where they do not reach: kinks, ties, NaN.
#include "expr/gradient.h"

#include <doctest/doctest.h>

#include "diag/internal_error.h"
#include "differences.h"
#include "expr/compose.h"
#include "expr/per_primitive.h"
#include "expr/value.h"

using namespace d2nn::expr;
using namespace d2nn::expr::test;

namespace {

/// What is differentiated to try a primitive: of x and y [2, 3, 2], and w, a weight of [1, 3, 1].
using Trial = Value (*)(const Value& x, const Value& y, const Value& w);

template <class... Arguments>
Value moved(Term (Builder::*movement)(Term, Arguments...), const Value& x,
            std::type_identity_t<Arguments>... arguments) {
  return {x.builder(), (x.builder().*movement)(x, arguments...)};
}

// Positive values where the primitive wants them: x * x + 0.5.
constexpr auto trials = per_primitive<Trial>({
    {Primitive::operand, [](const Value& x, const Value&, const Value&) { return x; }},
    {Primitive::weight, [](const Value&, const Value&, const Value& w) { return w; }},
    {Primitive::constant, [](const Value& x, const Value&, const Value&) { return x * 3 + 2; }},
    {Primitive::negate, [](const Value& x, const Value&, const Value&) { return -x; }},
    {Primitive::exp, [](const Value& x, const Value&, const Value&) { return exp(x); }},
    {Primitive::log, [](const Value& x, const Value&, const Value&) { return log(x * x + 0.5); }},
    {Primitive::sqrt, [](const Value& x, const Value&, const Value&) { return sqrt(x * x + 0.5); }},
    {Primitive::abs, [](const Value& x, const Value&, const Value&) { return abs(x); }},
    {Primitive::tanh, [](const Value& x, const Value&, const Value&) { return tanh(x); }},
    {Primitive::erf, [](const Value& x, const Value&, const Value&) { return erf(x); }},
    // Any shift is the same to x - y.
    {Primitive::detach, [](const Value& x, const Value& y, const Value&) { return (x - detach(x)) - (y - detach(x)); }},
    {Primitive::add, [](const Value& x, const Value& y, const Value& w) { return x + w + y; }},
    {Primitive::subtract, [](const Value& x, const Value& y, const Value& w) { return w - x - y; }},
    {Primitive::multiply, [](const Value& x, const Value& y, const Value& w) { return x * w * y + x * x; }},
    {Primitive::divide, [](const Value& x, const Value& y, const Value& w) { return (x + w) / (y * y + 0.5); }},
    {Primitive::maximum, [](const Value& x, const Value& y, const Value& w) { return maximum(x, maximum(w, y)); }},
    {Primitive::minimum, [](const Value& x, const Value& y, const Value& w) { return minimum(minimum(w, x), y); }},
    {Primitive::greater, [](const Value& x, const Value& y, const Value&) { return greater(x, y) + x; }},
    {Primitive::equal, [](const Value& x, const Value& y, const Value&) { return equal(x, y) * x; }},
    {Primitive::select, [](const Value& x, const Value& y, const Value& w) { return select(greater(x, y), x * y, w); }},
    {Primitive::sum, [](const Value& x, const Value& y, const Value&) { return sum(x * x, {0, 2}) * sum(y, {1}); }},
    {Primitive::max,
     [](const Value& x, const Value& y, const Value&) { return max(x * y, {0, 2}) + max(y, {0, 1, 2}); }},
    {Primitive::broadcast,
     [](const Value& x, const Value&, const Value& w) { return moved(&Builder::broadcast, w, {2, 3, 2}) * x; }},
    {Primitive::reshape,
     [](const Value& x, const Value& y,
        const Value&) { return moved(&Builder::reshape, x * x, {4, 3}) * moved(&Builder::reshape, y, {4, 3}); }},
    {Primitive::permute,
     [](const Value& x, const Value& y,
        const Value&) { return moved(&Builder::permute, x, {2, 0, 1}) * moved(&Builder::permute, y * y, {2, 0, 1}); }},
    {Primitive::slice,
     [](const Value& x, const Value& y,
        const Value&) { return moved(&Builder::slice, x * x, 1, 1, 3) * moved(&Builder::slice, y, 1, 0, 2); }},
    {Primitive::pad,
     [](const Value& x, const Value& y,
        const Value&) { return moved(&Builder::pad, x * x, 1, 1, 2, 0.5F) * moved(&Builder::pad, y, 1, 3, 0, 2.0F); }},
    {Primitive::repeat,
     [](const Value& x, const Value& y,
        const Value&) { return moved(&Builder::repeat, x * x, 1, 2) * moved(&Builder::repeat, y * y, 1, 2); }},
});

/// The gradient by operand 0 of a function of two rows, for a gradient of ones.
template <class Function>
Elements gradient_of(Function function, const Elements& x, const Elements& y) {
  Builder builder;
  const Dims dims{static_cast<std::int64_t>(x.size())};
  const Value result = function(Value{builder, builder.operand(0, dims)}, Value{builder, builder.operand(1, dims)});
  const Elements ones(static_cast<std::size_t>(elements(result.dims())), 1);
  return evaluate_gradient(builder.finish({result}), {{x, y}, {}}, ones)[0];
}

}  // namespace

TEST_CASE("the gradient of every primitive is that of finite differences") {
  std::mt19937 random(7);
  for (std::size_t i = 0; i < primitive_count; ++i) {
    CAPTURE(spelling(static_cast<Primitive>(i)));
    Builder builder;
    const Value x{builder, builder.operand(0, {2, 3, 2})}, y{builder, builder.operand(1, {2, 3, 2})};
    const Value w{builder, builder.weight(0, {1, 3, 1})};
    const Expression forward = builder.finish({trials[i](x, y, w)});
    bool is_tried = false;
    for (const TermInfo& info : forward.terms) is_tried = is_tried || static_cast<std::size_t>(info.primitive) == i;
    CHECK(is_tried);
    check_gradient(forward, {{spread(12, random, -2, 2), spread(12, random, -1.7, 1.7)}, {spread(3, random, -1, 1)}});
  }
}

TEST_CASE("the gradients of random compositions are those of finite differences") {
  std::size_t terms = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    RandomExpression random(seed, {.smooth = true});
    for (int step = 0; step < 12; ++step) random.grow();
    const Expression forward = random.finish_total();
    check_gradient(forward, random.leaves(), 1e-4);
    terms += forward.terms.size();
  }
  CHECK(terms > 5000);
}

TEST_CASE("ties share a gradient evenly, as in PyTorch") {
  const auto larger = [](const Value& x, const Value& y) { return maximum(x, y); };
  const auto smaller = [](const Value& x, const Value& y) { return minimum(x, y); };
  CHECK(gradient_of(larger, {1, 2, 3}, {2, 2, 2}) == Elements{0, 0.5, 1});
  CHECK(gradient_of(smaller, {1, 2, 3}, {2, 2, 2}) == Elements{1, 0.5, 0});
  const auto greatest = [](const Value& x, const Value& y) { return max(x, {0}) + y * 0; };
  CHECK(gradient_of(greatest, {1, 3, 2, 3}, {0, 0, 0, 0}) == Elements{0, 2, 0, 2});  // 4 results, 2 greatest
}

TEST_CASE("abs has gradient 0 at 0") {
  const auto size = [](const Value& x, const Value& y) { return abs(x) + y; };
  CHECK(gradient_of(size, {-2, 0, 2}, {0, 0, 0}) == Elements{-1, 0, 1});
}

TEST_CASE("comparisons and detach hand no gradient on") {
  const auto compared = [](const Value& x, const Value& y) { return greater(x, y) + equal(x, y) + detach(x) * y; };
  CHECK(gradient_of(compared, {1, 2}, {2, 2}) == Elements{0, 0});
}

TEST_CASE("the branch that is not taken adds nothing, be its gradient infinite or NaN") {
  const auto safe_sqrt = [](const Value& x, const Value& y) { return select(greater(x, 0), sqrt(x), y); };
  CHECK(gradient_of(safe_sqrt, {4, 0, -1}, {0, 0, 0}) == Elements{0.25, 0, 0});
  const auto safe_log = [](const Value& x, const Value& y) { return select(greater(y, x), x, log(x) * x) / y; };
  CHECK(gradient_of(safe_log, {1, 0, -1}, {2, 2, 2}) == Elements{0.5, 0.5, 0.5});
  const auto below_broadcast = [](const Value& x, const Value& y) {
    const Value one{x.builder(), x.builder().slice(x, 0, 0, 1)};
    return select(greater(one, 0), one * 2, exp(-one * one * 1e9) * (1 / one)) + y;
  };
  CHECK(gradient_of(below_broadcast, {1, 5}, {0, 0}) == Elements{4, 0});
}

TEST_CASE("a leaf read under several views gets one gradient, in its order") {
  Builder builder;
  const Value x{builder, builder.operand(0, {2, 3})}, flat{builder, builder.operand(0, {6})};
  const Value turned{builder, builder.reshape(builder.permute(x * x, {1, 0}), {6})};
  std::mt19937 random(3);
  check_gradient(builder.finish({turned * flat}), {{spread(6, random, -2, 2)}, {}});
}

TEST_CASE("gradients are of what is wanted, operands before weights") {
  Builder builder;
  const Value x{builder, builder.operand(0, {3})}, y{builder, builder.operand(1, {3})};
  const Value w{builder, builder.weight(0, {3})}, v{builder, builder.weight(1, {3})};
  const Expression forward = builder.finish({x * w + y * v});
  CHECK(to_string(gradient(forward, {{false, true}, {true, false}})) ==
        "%0 = operand 2 : [3]\n"
        "%1 = weight 1 : [3]\n"
        "%2 = multiply %0, %1 : [3]\n"
        "%3 = operand 0 : [3]\n"
        "%4 = multiply %0, %3 : [3]\n"
        "result %2, %4\n");
  CHECK(to_string(gradient(builder.finish({x}), {{true}, {}})) == "%0 = operand 1 : [3]\nresult %0\n");
}

TEST_CASE("a kept result is read where that spares what made it") {
  const auto has = [](const Expression& expression, Primitive primitive) {
    return std::ranges::any_of(expression.terms, [&](const TermInfo& info) { return info.primitive == primitive; });
  };
  const auto gradient_reading_result = [](Value (*function)(const Value& x)) {
    Builder builder;
    const Expression forward = builder.finish({function({builder, builder.operand(0, {3, 4})})});
    return reading_result(gradient(forward, {{true}, {}}), forward);
  };
  const Expression softmax_gradient = gradient_reading_result([](const Value& x) { return softmax(x, {1}); });
  CHECK(softmax_gradient.operand_count() == 3);
  CHECK_FALSE(has(softmax_gradient, Primitive::exp));
  CHECK_FALSE(has(softmax_gradient, Primitive::max));
  CHECK_FALSE(has(softmax_gradient, Primitive::divide));
  CHECK_FALSE(has(gradient_reading_result([](const Value& x) { return tanh(x); }), Primitive::tanh));
  CHECK(gradient_reading_result([](const Value& x) { return relu(x); }).operand_count() == 2);
}

TEST_CASE("a leaf without influence has zeros; one that is not read is a defect of the caller") {
  using d2nn::diag::InternalError;
  Builder builder;
  const Value x{builder, builder.operand(0, {2, 3})};
  const Expression forward = builder.finish({greater(x, 1)});
  CHECK(to_string(gradient(forward, {{true}, {}})) ==
        "%0 = constant 0 : [1, 1]\n"
        "%1 = broadcast %0 : [2, 3]\n"
        "result %1\n");
  CHECK_THROWS_WITH_AS(gradient(forward, {{true, true}, {}}), "gradient: the expression does not read operand 1",
                       InternalError);
  CHECK_THROWS_AS(gradient(builder.finish({x, x}), {{true}, {}}), InternalError);
}
