// Tensor expressions as the layers compose them, and random ones, against their naive meaning: in every vector width,
// optimised in the widest, both ways of storing, between guard pages.
#include <doctest/doctest.h>

#include <functional>

#include "expr/compose.h"
#include "expr/gradient.h"
#include "unit/codegen_kernels/expression_runs.h"

using namespace d2nn;
using namespace d2nn::expr;
using namespace d2nn::testing;

namespace {

using Compose = std::function<Value(Builder&)>;

Value operand(Builder& b, std::uint32_t index, Dims dims) {
  return {b, b.operand(index, std::move(dims))};
}
Value weight(Builder& b, std::uint32_t index, Dims dims) {
  return {b, b.weight(index, std::move(dims))};
}

NamedExpression named(std::string name, const Compose& compose, double least = -2, double greatest = 2) {
  Builder builder;
  const Value result = compose(builder);
  return {std::move(name), builder.finish({result}), least, greatest};
}

void check_all(const std::vector<NamedExpression>& expressions) {
  const std::vector<CpuLevel> levels = expression_levels();
  for (const CpuLevel& cpu : levels) {
    // What LLVM's passes leave of the widths differs little: one stands for all.
    const std::string found = compare_with_naive(expressions, cpu, &cpu == &levels[0] ? 2 : 0);
    CHECK_MESSAGE(found.empty(), found);
  }
}

std::vector<NamedExpression> with_gradients(const std::vector<NamedExpression>& expressions) {
  std::vector<NamedExpression> gradients;
  for (const NamedExpression& forward : expressions) {
    const Wanted wanted{std::vector<bool>(forward.expression.operand_count(), true),
                        std::vector<bool>(forward.expression.weight_count(), true)};
    gradients.push_back(
        {"gradient of " + forward.name, gradient(forward.expression, wanted), forward.least, forward.greatest});
  }
  return gradients;
}

std::vector<NamedExpression> elementwise() {
  std::vector<NamedExpression> all;
  for (const std::int64_t count : {1, 3, 8, 31, 100}) {
    const std::string size = " of " + std::to_string(count);
    const auto add = [&](const std::string& name, const std::function<Value(const Value&)>& f) {
      all.push_back(named(name + size, [&](Builder& b) { return f(operand(b, 0, {count})); }, -8, 8));
    };
    if (count == 100) {
      add("relu", [](const Value& x) { return relu(x); });
      add("relu6", [](const Value& x) { return relu6(x); });
      add("clamp", [](const Value& x) { return clamp(x, -1, 2.5); });
      add("elu", [](const Value& x) { return elu(x, 1.5); });
      add("silu", [](const Value& x) { return silu(x); });
      add("hard_swish", [](const Value& x) { return hard_swish(x); });
      add("tanh", [](const Value& x) { return tanh(x); });
      add("log of a square", [](const Value& x) { return log(x * x + 0.5); });
      add("square root", [](const Value& x) { return sqrt(abs(x)); });
      add("polynomial", [](const Value& x) { return x * x * 0.25 - x * 3 + 1 - x * x * x; });
    }
    add("gelu", [](const Value& x) { return gelu(x); });
  }
  return all;
}

std::vector<NamedExpression> layers() {
  std::vector<NamedExpression> all;
  all.push_back(
      named("broadcast add over rows", [](Builder& b) { return operand(b, 0, {5, 19}) + weight(b, 0, {1, 19}); }));
  all.push_back(named("scale and shift of channels", [](Builder& b) {
    return operand(b, 0, {5, 7, 7}) * weight(b, 0, {5, 1, 1}) + weight(b, 1, {5, 1, 1});
  }));
  all.push_back(named("batch_norm", [](Builder& b) {
    const Value scale = weight(b, 0, {3, 1, 1}) / sqrt(weight(b, 1, {3, 1, 1}) * weight(b, 1, {3, 1, 1}) + 0.1);
    return (operand(b, 0, {3, 6, 6}) - weight(b, 2, {3, 1, 1})) * scale;
  }));
  all.push_back(named("batch_norm of columns", [](Builder& b) {
    const Value scale = weight(b, 0, {1, 21}) / sqrt(weight(b, 1, {1, 21}) * weight(b, 1, {1, 21}) + 0.1);
    return (operand(b, 0, {4, 21}) - weight(b, 2, {1, 21})) * scale;
  }));
  for (const std::int64_t n : {2, 10, 67}) {
    const std::string size = " of " + std::to_string(n);
    all.push_back(named("softmax" + size, [n](Builder& b) { return softmax(operand(b, 0, {n}), {0}); }));
    all.push_back(named("softmax of rows" + size, [n](Builder& b) { return softmax(operand(b, 0, {2, 3, n}), {2}); }));
    all.push_back(
        named("softmax over channels" + size, [n](Builder& b) { return softmax(operand(b, 0, {5, n, 3}), {0}); }));
    all.push_back(named("layer_norm" + size, [n](Builder& b) {
      return normalise(operand(b, 0, {3, n}), {1}, 0.1) * weight(b, 0, {1, n}) + weight(b, 1, {1, n});
    }));
    all.push_back(named("layer_norm over channels" + size, [n](Builder& b) {
      return normalise(operand(b, 0, {6, n, 2}), {0}, 0.1) * weight(b, 0, {6, 1, 1}) + weight(b, 1, {6, 1, 1});
    }));
    all.push_back(named("group_norm" + size, [n](Builder& b) {
      const Value x{b, b.reshape(normalise(operand(b, 0, {2, 3 * n}), {1}, 0.1), {6, n, 1})};
      return x * weight(b, 0, {6, 1, 1}) + weight(b, 1, {6, 1, 1});
    }));
    all.push_back(named("mean over pixels" + size, [n](Builder& b) { return mean(operand(b, 0, {4, n, 3}), {1, 2}); }));
    all.push_back(named("greatest of columns" + size, [n](Builder& b) { return max(operand(b, 0, {7, n}), {0}); }));
    all.push_back(
        named("sum of outer axes" + size, [n](Builder& b) { return sum(operand(b, 0, {3, 4, n}), {0, 2}) * 0.5; }));
    all.push_back(named("sum of all" + size, [n](Builder& b) {
      const Value x = operand(b, 0, {3, n});
      return x / (1 + abs(sum(x * x, {0, 1})));
    }));
  }
  return all;
}

std::vector<NamedExpression> movements() {
  std::vector<NamedExpression> all;
  for (const std::int64_t n : {1, 5, 32}) {
    const std::string size = " of " + std::to_string(n);
    all.push_back(
        named("transpose" + size, [n](Builder& b) { return Value{b, b.permute(operand(b, 0, {n, 13}), {1, 0})}; }));
    all.push_back(named("channels last" + size,
                        [n](Builder& b) { return Value{b, b.permute(operand(b, 0, {5, 7, n}), {1, 2, 0})}; }));
    all.push_back(named("transposes of two sizes" + size, [n](Builder& b) {
      const Value x{b, b.permute(operand(b, 0, {n, 37}), {1, 0})};
      const Value scale{b, b.permute(weight(b, 0, {n, 37}), {1, 0})};
      return x * scale + operand(b, 1, {37, n}) * weight(b, 1, {37, 1});
    }));
    all.push_back(named("permute of three" + size,
                        [n](Builder& b) { return Value{b, b.permute(operand(b, 0, {3, n, 4}), {2, 0, 1})} * 2; }));
    all.push_back(named("heads" + size, [n](Builder& b) {
      return Value{b, b.permute(b.reshape(operand(b, 0, {n, 12}), {n, 3, 4}), {1, 0, 2})};
    }));
    all.push_back(named("slice" + size,
                        [n](Builder& b) { return Value{b, b.slice(operand(b, 0, {3, n + 4}), 1, 2, n + 3)} + 1; }));
    all.push_back(named("slice of channels" + size,
                        [n](Builder& b) { return Value{b, b.slice(operand(b, 0, {5, n, 2}), 0, 1, 3)}; }));
    all.push_back(named("pad" + size, [n](Builder& b) {
      return Value{b, b.pad(b.pad(operand(b, 0, {3, n}), 1, 2, 3, 7.0F), 0, 1, 1)} * 3;
    }));
    all.push_back(named("pad of a sum of two" + size, [n](Builder& b) {
      return Value{b, b.pad(operand(b, 0, {3, n}), 1, 0, 4)} + Value{b, b.pad(operand(b, 1, {3, 4}), 1, n, 0)};
    }));
    all.push_back(named("upsample" + size, [n](Builder& b) {
      return Value{b, b.repeat(b.repeat(operand(b, 0, {2, 3, n}), 1, 2), 2, 2)} - 1;
    }));
    all.push_back(
        named("repeat thrice" + size, [n](Builder& b) { return Value{b, b.repeat(operand(b, 0, {n, 3}), 0, 3)}; }));
    all.push_back(named("repeat of even rows" + size,
                        [n](Builder& b) { return Value{b, b.repeat(operand(b, 0, {3, 8 * n}), 1, 2)}; }));
    all.push_back(named("reshape of a sum" + size, [n](Builder& b) {
      const Value x{b, b.permute(operand(b, 0, {n, 6}), {1, 0})};
      return Value{b, b.reshape(x, {3, 2 * n})} * operand(b, 1, {3, 2 * n});
    }));
    all.push_back(named("softmax of a transpose" + size,
                        [n](Builder& b) { return softmax(Value{b, b.permute(operand(b, 0, {n, 9}), {1, 0})}, {1}); }));
  }
  return all;
}

}  // namespace

TEST_CASE("elementwise expressions agree with their meaning") {
  check_all(elementwise());
}
TEST_CASE("gradients of elementwise expressions agree with their meaning") {
  check_all(with_gradients(elementwise()));
}
TEST_CASE("layers with reductions agree with their meaning") {
  check_all(layers());
}
TEST_CASE("gradients of layers with reductions agree with their meaning") {
  check_all(with_gradients(layers()));
}
TEST_CASE("movements agree with their meaning") {
  check_all(movements());
}
TEST_CASE("gradients of movements agree with their meaning") {
  check_all(with_gradients(movements()));
}
