// The functions of layers: the numbers of PyTorch, its NaN and infinities, its gradients at kinks.
#include "expr/compose.h"

#include <doctest/doctest.h>

#include "differences.h"
#include "expr/recognise.h"

using namespace d2nn::expr;
using namespace d2nn::expr::test;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

using Function = Value (*)(const Value&);

Value leaky(const Value& x) {
  return leaky_relu(x, 0.1);
}
Value elu_of_2(const Value& x) {
  return elu(x, 2);
}
Value clamp_to_1(const Value& x) {
  return clamp(x, -1, 1);
}
Value softmax_of_row(const Value& x) {
  return softmax(x, {0});
}
Value normalised_row(const Value& x) {
  return normalise(x, {0}, 1e-5);
}

template <class F>
Elements values_of(F function, const Elements& x) {
  Builder builder;
  const Value operand{builder, builder.operand(0, {static_cast<std::int64_t>(x.size())})};
  const Expression expression = builder.finish({function(operand)});
  REQUIRE(verify(expression) == "");
  const Elements values = evaluate(expression, {{x}, {}})[0];
  CHECK(are_near(evaluate(without_detach(expression), {{x}, {}})[0], values, 0));
  return values;
}

/// For a gradient of ones.
template <class F>
Elements gradient_of(F function, const Elements& x) {
  Builder builder;
  const Value operand{builder, builder.operand(0, {static_cast<std::int64_t>(x.size())})};
  return evaluate_gradient(builder.finish({function(operand)}), {{x}, {}}, Elements(x.size(), 1))[0];
}

bool gives(Function function, const Elements& x, const Elements& expected) {
  const Elements values = values_of(function, x);
  return are_near(values, expected, 1e-6);
}

bool has_gradient(Function function, const Elements& x, const Elements& expected) {
  return are_near(gradient_of(function, x), expected, 1e-6);
}

}  // namespace

TEST_CASE("activations give PyTorch's numbers") {
  CHECK(gives(relu, {-1, 0, 2}, {0, 0, 2}));
  CHECK(gives(relu6, {-1, 2, 7}, {0, 2, 6}));
  CHECK(gives(leaky, {-1, 0, 2}, {-0.1, 0, 2}));
  CHECK(gives(clamp_to_1, {-3, 0.5, 3}, {-1, 0.5, 1}));
  CHECK(gives(elu_of_2, {-1, 0, 3}, {-1.26424112, 0, 3}));
  CHECK(gives(sigmoid, {-3, 0, 1}, {0.04742587, 0.5, 0.73105858}));
  CHECK(gives(silu, {-2, 0, 1}, {-0.23840584, 0, 0.73105858}));
  CHECK(gives(gelu, {-0.5, 0, 1}, {-0.15426877, 0, 0.84134475}));
  CHECK(gives(hard_sigmoid, {-4, 1, 4}, {0, 0.66666667, 1}));
  CHECK(gives(hard_swish, {-4, -1, 1, 4}, {0, -0.33333333, 0.66666667, 4}));
  CHECK(gives(softmax_of_row, {1, 2, 3}, {0.09003057, 0.24472847, 0.66524096}));
  CHECK(gives(normalised_row, {1, 2, 3, 4}, {-1.34163542, -0.44721181, 0.44721181, 1.34163542}));
}

TEST_CASE("activations hand NaN on and take infinities as PyTorch does") {
  for (Function function :
       {Function{relu}, Function{relu6}, Function{leaky}, Function{clamp_to_1}, Function{elu_of_2}, Function{sigmoid},
        Function{silu}, Function{gelu}, Function{hard_sigmoid}, Function{hard_swish}}) {
    CHECK(gives(function, {not_a_number}, {not_a_number}));
  }
  CHECK(gives(relu, {-infinity, infinity}, {0, infinity}));
  CHECK(gives(relu6, {-infinity, infinity}, {0, 6}));
  CHECK(gives(leaky, {-infinity, infinity}, {-infinity, infinity}));
  CHECK(gives(clamp_to_1, {-infinity, infinity}, {-1, 1}));
  CHECK(gives(elu_of_2, {-infinity, infinity}, {-2, infinity}));
  CHECK(gives(sigmoid, {-infinity, -1000, 1000, infinity}, {0, 0, 1, 1}));
  CHECK(gives(silu, {-infinity, -1000, infinity}, {not_a_number, 0, infinity}));
  CHECK(gives(gelu, {-infinity, -1000, infinity}, {not_a_number, 0, infinity}));
  CHECK(gives(hard_sigmoid, {-infinity, infinity}, {0, 1}));
  CHECK(gives(hard_swish, {-infinity, infinity}, {not_a_number, infinity}));
  CHECK(gives(softmax_of_row, {1000, 1000, -infinity}, {0.5, 0.5, 0}));
  CHECK(gives(softmax_of_row, {-infinity, -infinity}, {not_a_number, not_a_number}));
  CHECK(gives(softmax_of_row, {infinity, 0}, {not_a_number, not_a_number}));
}

TEST_CASE("the gradients of activations are those of finite differences") {
  for (Function function :
       {Function{relu}, Function{relu6}, Function{leaky}, Function{clamp_to_1}, Function{elu_of_2}, Function{sigmoid},
        Function{silu}, Function{gelu}, Function{hard_sigmoid}, Function{hard_swish}}) {
    std::mt19937 random(5);
    Builder builder;
    check_gradient(builder.finish({function({builder, builder.operand(0, {2, 3, 4})})}),
                   {{spread(24, random, -8, 8)}, {}});
  }
}

TEST_CASE("the gradients of softmax and normalise are those of finite differences, over any axes") {
  for (const Axes& axes : {Axes{0}, Axes{1}, Axes{2}, Axes{1, 2}, Axes{0, 1, 2}}) {
    std::mt19937 random(6);
    Builder builder;
    const Value x{builder, builder.operand(0, {2, 3, 4})};
    const Value scale{builder, builder.weight(0, {1, 3, 1})}, shift{builder, builder.weight(1, {1, 3, 1})};
    const Leaves leaves{{spread(24, random, -2, 2)}, {spread(3, random, 0.5, 1.5), spread(3, random, -1, 1)}};
    check_gradient(builder.finish({softmax(x, axes)}), leaves);
    check_gradient(builder.finish({normalise(x, axes, 0.1) * scale + shift}), leaves);
  }
}

TEST_CASE("gradients at kinks are PyTorch's") {
  CHECK(has_gradient(relu, {-1, 0, 1}, {0, 0, 1}));
  CHECK(has_gradient(relu6, {0, 1, 6}, {0, 1, 0}));
  CHECK(has_gradient(leaky, {0}, {0.1}));
  CHECK(has_gradient(clamp_to_1, {-1, 1}, {1, 1}));
  CHECK(has_gradient(elu_of_2, {0}, {2}));
  CHECK(has_gradient(hard_sigmoid, {-3, 0, 3}, {0, 1.0 / 6, 0}));
  CHECK(has_gradient(hard_swish, {-3, 3}, {0, 1}));
}

TEST_CASE("gradients stay finite where exp overflows") {
  CHECK(has_gradient(elu_of_2, {-1000, 1000}, {0, 1}));
  CHECK(has_gradient(sigmoid, {-1000, 1000}, {0, 0}));
  CHECK(has_gradient(silu, {-1000, 1000}, {0, 1}));
  CHECK(has_gradient(gelu, {-1000, 1000}, {0, 1}));
  CHECK(has_gradient(softmax_of_row, {-1000, 0, 1000}, {0, 0, 0}));
}

TEST_CASE("clamp without bounds is nothing") {
  Builder builder;
  const Value x{builder, builder.operand(0, {3})};
  CHECK(clamp(x, -infinity, infinity) == x);
  CHECK(is_placewise(builder.finish({clamp(x, 0, infinity)})));
}
