// The printed text of composed functions and their gradients: that they are as small as one would write them.
#include <doctest/doctest.h>

#include "expr/compose.h"
#include "expr/gradient.h"

using namespace d2nn::expr;

namespace {

Value layer_norm(Builder& builder) {
  const Value x{builder, builder.operand(0, {4, 8})};
  const Value scale{builder, builder.weight(0, {1, 8})}, shift{builder, builder.weight(1, {1, 8})};
  return normalise(x, {1}, 0.5) * scale + shift;
}

}  // namespace

TEST_CASE("dump") {
  const auto show = [](const char* name, auto function) {
    Builder builder;
    const Value x{builder, builder.operand(0, {4, 8})};
    const Expression forward = builder.finish({function(x)});
    MESSAGE(name << "\n" << to_string(forward) << to_string(gradient(forward, {{true}, {}})));
  };
  show("relu", relu);
  show("relu6", relu6);
  show("leaky", [](Value x) { return leaky_relu(x, 0.01); });
  show("elu", [](Value x) { return elu(x, 1); });
  show("clamp", [](Value x) { return clamp(x, -1, 1); });
  show("sigmoid", sigmoid);
  show("silu", silu);
  show("gelu", gelu);
  show("hard_swish", hard_swish);
  show("softmax", [](Value x) { return softmax(x, {1}); });
  show("max", [](Value x) { return max(x, {1}); });
  Builder builder;
  const Expression forward = builder.finish({layer_norm(builder)});
  MESSAGE(to_string(forward) << to_string(gradient(forward, {{true}, {true, true}})));
}
