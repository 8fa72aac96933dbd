// Which expressions a kernel can apply to its results, and which of them the library knows.
#include "expr/recognise.h"

#include <doctest/doctest.h>

#include "expr/compose.h"

using namespace d2nn::expr;

TEST_CASE("only what depends on one place of its operands is placewise") {
  Builder builder;
  const Value x{builder, builder.operand(0, {4, 6})}, y{builder, builder.operand(1, {4, 6})};
  const Value row{builder, builder.operand(2, {1, 6})}, weight{builder, builder.weight(0, {4, 6})};
  const auto placewise = [&](const Value& result) { return is_placewise(builder.finish({result})); };
  CHECK(placewise(x));
  CHECK(placewise(gelu(x)));
  CHECK(placewise(hard_swish(x) * 0.5 + y));
  CHECK_FALSE(placewise(y));                                      // not of operand 0
  CHECK_FALSE(placewise(x * weight));                             // kernels have no place for more weights
  CHECK_FALSE(placewise(x + row));                                // repeats
  CHECK_FALSE(placewise(softmax(x, {1})));                        // reduces
  CHECK_FALSE(placewise({builder, builder.permute(x, {1, 0})}));  // moves
  CHECK_FALSE(placewise({builder, builder.pad(x, 0, 1, 0)}));     // grows
  CHECK_FALSE(is_placewise(builder.finish({x, y})));
}

TEST_CASE("relu is recognised without its detach, and nothing else is it") {
  Builder builder;
  const Value x{builder, builder.operand(0, {3})}, y{builder, builder.operand(1, {3})};
  const auto relu_of = [&](const Value& result) { return is_relu(without_detach(builder.finish({result}))); };
  CHECK(relu_of(relu(x)));
  CHECK(relu_of(maximum(x, 0)));
  CHECK_FALSE(relu_of(relu6(x)));
  CHECK_FALSE(relu_of(maximum(x, 1)));
  CHECK_FALSE(relu_of(minimum(x, 0)));
  CHECK_FALSE(relu_of(maximum(x, y)));
  CHECK_FALSE(relu_of(relu(y)));
}
