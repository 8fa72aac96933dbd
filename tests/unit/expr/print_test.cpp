// The printed text of composed functions and their gradients: that they are as small as one would write them.
#include <doctest/doctest.h>

#include "expr/compose.h"
#include "expr/gradient.h"

using namespace d2nn::expr;

namespace {

/// What is emitted: a function of an operand [4, 8], then its gradient.
struct Printed {
  std::string forward, backward;
};

template <class Function>
Printed print(Function function, const Wanted& wanted = {{true}, {}}) {
  Builder builder;
  const Expression forward = builder.finish({function(Value(builder, builder.operand(0, {4, 8})))});
  return {to_string(without_detach(forward)), to_string(gradient(forward, wanted))};
}

}  // namespace

TEST_CASE("relu") {
  const Printed printed = print(relu);
  CHECK(printed.forward ==
        "%0 = operand 0 : [4, 8]\n"
        "%1 = constant 0 : [1, 1]\n"
        "%2 = broadcast %1 : [4, 8]\n"
        "%3 = maximum %0, %2 : [4, 8]\n"
        "result %3\n");
  CHECK(printed.backward ==
        "%0 = operand 0 : [4, 8]\n"
        "%1 = constant 0 : [1, 1]\n"
        "%2 = broadcast %1 : [4, 8]\n"
        "%3 = greater %0, %2 : [4, 8]\n"
        "%4 = operand 1 : [4, 8]\n"
        "%5 = select %3, %4, %2 : [4, 8]\n"
        "result %5\n");
}

TEST_CASE("elu") {
  const Printed printed = print([](const Value& x) { return elu(x, 0.5); });
  CHECK(printed.forward ==
        "%0 = operand 0 : [4, 8]\n"
        "%1 = constant 0 : [1, 1]\n"
        "%2 = broadcast %1 : [4, 8]\n"
        "%3 = greater %0, %2 : [4, 8]\n"
        "%4 = exp %0 : [4, 8]\n"
        "%5 = constant 1 : [1, 1]\n"
        "%6 = broadcast %5 : [4, 8]\n"
        "%7 = subtract %4, %6 : [4, 8]\n"
        "%8 = constant 0.5 : [1, 1]\n"
        "%9 = broadcast %8 : [4, 8]\n"
        "%10 = multiply %7, %9 : [4, 8]\n"
        "%11 = select %3, %0, %10 : [4, 8]\n"
        "result %11\n");
  CHECK(printed.backward ==
        "%0 = operand 0 : [4, 8]\n"
        "%1 = constant 0 : [1, 1]\n"
        "%2 = broadcast %1 : [4, 8]\n"
        "%3 = greater %0, %2 : [4, 8]\n"
        "%4 = operand 1 : [4, 8]\n"
        "%5 = constant 0.5 : [1, 1]\n"
        "%6 = broadcast %5 : [4, 8]\n"
        "%7 = multiply %4, %6 : [4, 8]\n"
        "%8 = exp %0 : [4, 8]\n"
        "%9 = multiply %7, %8 : [4, 8]\n"
        "%10 = select %3, %4, %9 : [4, 8]\n"
        "result %10\n");
}

TEST_CASE("silu") {
  const Printed printed = print(silu);
  CHECK(printed.forward ==
        "%0 = operand 0 : [4, 8]\n"
        "%1 = constant -88 : [1, 1]\n"
        "%2 = broadcast %1 : [4, 8]\n"
        "%3 = greater %2, %0 : [4, 8]\n"
        "%4 = constant 0 : [1, 1]\n"
        "%5 = broadcast %4 : [4, 8]\n"
        "%6 = constant 1 : [1, 1]\n"
        "%7 = broadcast %6 : [4, 8]\n"
        "%8 = negate %0 : [4, 8]\n"
        "%9 = exp %8 : [4, 8]\n"
        "%10 = add %7, %9 : [4, 8]\n"
        "%11 = divide %7, %10 : [4, 8]\n"
        "%12 = select %3, %5, %11 : [4, 8]\n"
        "%13 = multiply %0, %12 : [4, 8]\n"
        "result %13\n");
  CHECK(printed.backward ==
        "%0 = operand 1 : [4, 8]\n"
        "%1 = constant -88 : [1, 1]\n"
        "%2 = broadcast %1 : [4, 8]\n"
        "%3 = operand 0 : [4, 8]\n"
        "%4 = greater %2, %3 : [4, 8]\n"
        "%5 = constant 0 : [1, 1]\n"
        "%6 = broadcast %5 : [4, 8]\n"
        "%7 = constant 1 : [1, 1]\n"
        "%8 = broadcast %7 : [4, 8]\n"
        "%9 = negate %3 : [4, 8]\n"
        "%10 = exp %9 : [4, 8]\n"
        "%11 = add %8, %10 : [4, 8]\n"
        "%12 = divide %8, %11 : [4, 8]\n"
        "%13 = select %4, %6, %12 : [4, 8]\n"
        "%14 = multiply %0, %13 : [4, 8]\n"
        "%15 = multiply %0, %3 : [4, 8]\n"
        "%16 = divide %15, %11 : [4, 8]\n"
        "%17 = multiply %16, %12 : [4, 8]\n"
        "%18 = multiply %17, %10 : [4, 8]\n"
        "%19 = select %4, %6, %18 : [4, 8]\n"
        "%20 = add %14, %19 : [4, 8]\n"
        "result %20\n");
}

TEST_CASE("hard_swish") {
  const Printed printed = print(hard_swish);
  CHECK(printed.forward ==
        "%0 = operand 0 : [4, 8]\n"
        "%1 = constant 3 : [1, 1]\n"
        "%2 = broadcast %1 : [4, 8]\n"
        "%3 = add %0, %2 : [4, 8]\n"
        "%4 = constant 0 : [1, 1]\n"
        "%5 = broadcast %4 : [4, 8]\n"
        "%6 = maximum %3, %5 : [4, 8]\n"
        "%7 = constant 6 : [1, 1]\n"
        "%8 = broadcast %7 : [4, 8]\n"
        "%9 = minimum %6, %8 : [4, 8]\n"
        "%10 = multiply %0, %9 : [4, 8]\n"
        "%11 = divide %10, %8 : [4, 8]\n"
        "result %11\n");
  CHECK(printed.backward ==
        "%0 = operand 1 : [4, 8]\n"
        "%1 = constant 6 : [1, 1]\n"
        "%2 = broadcast %1 : [4, 8]\n"
        "%3 = divide %0, %2 : [4, 8]\n"
        "%4 = operand 0 : [4, 8]\n"
        "%5 = constant 3 : [1, 1]\n"
        "%6 = broadcast %5 : [4, 8]\n"
        "%7 = add %4, %6 : [4, 8]\n"
        "%8 = constant 0 : [1, 1]\n"
        "%9 = broadcast %8 : [4, 8]\n"
        "%10 = maximum %7, %9 : [4, 8]\n"
        "%11 = minimum %10, %2 : [4, 8]\n"
        "%12 = multiply %3, %11 : [4, 8]\n"
        "%13 = greater %7, %9 : [4, 8]\n"
        "%14 = greater %2, %10 : [4, 8]\n"
        "%15 = multiply %3, %4 : [4, 8]\n"
        "%16 = select %14, %15, %9 : [4, 8]\n"
        "%17 = select %13, %16, %9 : [4, 8]\n"
        "%18 = add %12, %17 : [4, 8]\n"
        "result %18\n");
}

TEST_CASE("softmax") {
  const Printed printed = print([](const Value& x) { return softmax(x, {1}); });
  CHECK(printed.forward ==
        "%0 = operand 0 : [4, 8]\n"
        "%1 = max %0 over 1 : [4, 1]\n"
        "%2 = broadcast %1 : [4, 8]\n"
        "%3 = subtract %0, %2 : [4, 8]\n"
        "%4 = exp %3 : [4, 8]\n"
        "%5 = sum %4 over 1 : [4, 1]\n"
        "%6 = broadcast %5 : [4, 8]\n"
        "%7 = divide %4, %6 : [4, 8]\n"
        "result %7\n");
  CHECK(printed.backward ==
        "%0 = operand 1 : [4, 8]\n"
        "%1 = operand 0 : [4, 8]\n"
        "%2 = max %1 over 1 : [4, 1]\n"
        "%3 = broadcast %2 : [4, 8]\n"
        "%4 = subtract %1, %3 : [4, 8]\n"
        "%5 = exp %4 : [4, 8]\n"
        "%6 = sum %5 over 1 : [4, 1]\n"
        "%7 = broadcast %6 : [4, 8]\n"
        "%8 = divide %5, %7 : [4, 8]\n"
        "%9 = multiply %0, %8 : [4, 8]\n"
        "%10 = sum %9 over 1 : [4, 1]\n"
        "%11 = broadcast %10 : [4, 8]\n"
        "%12 = subtract %0, %11 : [4, 8]\n"
        "%13 = multiply %12, %8 : [4, 8]\n"
        "result %13\n");
}

TEST_CASE("layer_norm: the sums of its backward pass do not wait for each other") {
  const Printed printed = print(
      [](const Value& x) {
        Builder& builder = x.builder();
        const Value scale{builder, builder.weight(0, {1, 8})}, shift{builder, builder.weight(1, {1, 8})};
        return normalise(x, {1}, 0.5) * scale + shift;
      },
      {{true}, {true, true}});
  CHECK(printed.forward ==
        "%0 = operand 0 : [4, 8]\n"
        "%1 = sum %0 over 1 : [4, 1]\n"
        "%2 = constant 0.125 : [1, 1]\n"
        "%3 = broadcast %2 : [4, 1]\n"
        "%4 = multiply %1, %3 : [4, 1]\n"
        "%5 = broadcast %4 : [4, 8]\n"
        "%6 = subtract %0, %5 : [4, 8]\n"
        "%7 = constant 1 : [1, 1]\n"
        "%8 = broadcast %7 : [4, 1]\n"
        "%9 = multiply %6, %6 : [4, 8]\n"
        "%10 = sum %9 over 1 : [4, 1]\n"
        "%11 = multiply %10, %3 : [4, 1]\n"
        "%12 = constant 0.5 : [1, 1]\n"
        "%13 = broadcast %12 : [4, 1]\n"
        "%14 = add %11, %13 : [4, 1]\n"
        "%15 = sqrt %14 : [4, 1]\n"
        "%16 = divide %8, %15 : [4, 1]\n"
        "%17 = broadcast %16 : [4, 8]\n"
        "%18 = multiply %6, %17 : [4, 8]\n"
        "%19 = weight 0 : [1, 8]\n"
        "%20 = broadcast %19 : [4, 8]\n"
        "%21 = multiply %18, %20 : [4, 8]\n"
        "%22 = weight 1 : [1, 8]\n"
        "%23 = broadcast %22 : [4, 8]\n"
        "%24 = add %21, %23 : [4, 8]\n"
        "result %24\n");
  CHECK(printed.backward ==
        "%0 = operand 1 : [4, 8]\n"
        "%1 = weight 0 : [1, 8]\n"
        "%2 = broadcast %1 : [4, 8]\n"
        "%3 = multiply %0, %2 : [4, 8]\n"
        "%4 = constant 1 : [1, 1]\n"
        "%5 = broadcast %4 : [4, 1]\n"
        "%6 = operand 0 : [4, 8]\n"
        "%7 = sum %6 over 1 : [4, 1]\n"
        "%8 = constant 0.125 : [1, 1]\n"
        "%9 = broadcast %8 : [4, 1]\n"
        "%10 = multiply %7, %9 : [4, 1]\n"
        "%11 = broadcast %10 : [4, 8]\n"
        "%12 = subtract %6, %11 : [4, 8]\n"
        "%13 = multiply %12, %12 : [4, 8]\n"
        "%14 = sum %13 over 1 : [4, 1]\n"
        "%15 = multiply %14, %9 : [4, 1]\n"
        "%16 = constant 0.5 : [1, 1]\n"
        "%17 = broadcast %16 : [4, 1]\n"
        "%18 = add %15, %17 : [4, 1]\n"
        "%19 = sqrt %18 : [4, 1]\n"
        "%20 = divide %5, %19 : [4, 1]\n"
        "%21 = broadcast %20 : [4, 8]\n"
        "%22 = multiply %3, %21 : [4, 8]\n"
        "%23 = multiply %3, %12 : [4, 8]\n"
        "%24 = sum %23 over 1 : [4, 1]\n"
        "%25 = divide %24, %19 : [4, 1]\n"
        "%26 = multiply %25, %20 : [4, 1]\n"
        "%27 = multiply %26, %17 : [4, 1]\n"
        "%28 = divide %27, %19 : [4, 1]\n"
        "%29 = multiply %28, %9 : [4, 1]\n"
        "%30 = constant 2 : [1, 1]\n"
        "%31 = broadcast %30 : [4, 1]\n"
        "%32 = multiply %29, %31 : [4, 1]\n"
        "%33 = broadcast %32 : [4, 8]\n"
        "%34 = multiply %33, %12 : [4, 8]\n"
        "%35 = subtract %22, %34 : [4, 8]\n"
        "%36 = sum %22 over 1 : [4, 1]\n"
        "%37 = multiply %36, %9 : [4, 1]\n"
        "%38 = broadcast %37 : [4, 8]\n"
        "%39 = subtract %35, %38 : [4, 8]\n"
        "%40 = multiply %12, %21 : [4, 8]\n"
        "%41 = multiply %0, %40 : [4, 8]\n"
        "%42 = sum %41 over 0 : [1, 8]\n"
        "%43 = sum %0 over 0 : [1, 8]\n"
        "result %39, %42, %43\n");
}
