// Expressions at the ends of f32 (NaN, infinities, signed zeros, subnormals), in place, and inside another kernel.
#include <doctest/doctest.h>
#include <llvm/IR/Module.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "codegen/expressions/emit_expression.h"
#include "codegen/kernels/arithmetic.h"
#include "codegen/kernels/kernel_builder.h"
#include "expr/compose.h"
#include "unit/codegen_kernels/expression_runs.h"
#include "unit/expr/evaluate.h"

using namespace d2nn;
using namespace d2nn::expr;
using namespace d2nn::testing;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

std::vector<float> special_values() {
  return {0.0F,   -0.0F, 1.0F,   -1.0F,    0.5F,      -0.5F,     1e-38F,      1e-45F,    -1e-40F, 3e38F,
          -3e38F, 6.0F,  6.5F,   infinity, -infinity, nan_value, 88.0F,       -88.0F,    -100.0F, -3.0F,
          3.0F,   20.0F, -20.0F, 0.625F,   1e-6F,     2.0F,      0.70710677F, 0.7071068F};
}

struct NamedFunction {
  const char* name;
  Value (*function)(const Value& x);
};
constexpr NamedFunction functions[]{
    {"exp", [](const Value& x) { return exp(x); }},
    {"log", [](const Value& x) { return log(x); }},
    {"sqrt", [](const Value& x) { return sqrt(x); }},
    {"tanh", [](const Value& x) { return tanh(x); }},
    {"erf", [](const Value& x) { return erf(x); }},
    {"relu", [](const Value& x) { return relu(x); }},
    {"relu6", [](const Value& x) { return relu6(x); }},
    {"clamp", [](const Value& x) { return clamp(x, -1, 2); }},
    {"maximum with a number", [](const Value& x) { return maximum(x, 1); }},
    {"minimum with a number", [](const Value& x) { return minimum(0.25, x); }},
    {"maximum of two", [](const Value& x) { return maximum(x, abs(x)); }},
    {"minimum of two", [](const Value& x) { return minimum(-x, x); }},
    {"greater", [](const Value& x) { return greater(x, 1); }},
    {"equal", [](const Value& x) { return equal(x, 1); }},
    {"select", [](const Value& x) { return select(x, 2, x); }},
    {"reciprocal", [](const Value& x) { return 1 / x; }},
    {"greatest", [](const Value& x) { return max(x, {0}); }},
    {"sum", [](const Value& x) { return sum(x, {0}); }},
};

bool is_same(float got, double want) {
  if (std::isnan(want)) return std::isnan(got);
  const double rounded = static_cast<float>(want);
  return got == rounded || std::abs(got - rounded) <= 2e-6 * std::abs(rounded) + 1e-43;  // a few steps of a subnormal
}

}  // namespace

TEST_CASE("primitives keep to IEEE 754 at the ends of f32") {
  std::vector<Expression> expressions;
  std::vector<EmitKernel> emitters;
  const std::vector<float> values = special_values();
  for (const CpuLevel& cpu : expression_levels()) {
    emitters.clear();
    expressions.clear();
    for (const NamedFunction& named : functions) {
      Builder b;
      const Value x{b, b.operand(0, {static_cast<std::int64_t>(values.size())})};
      expressions.push_back(b.finish({named.function(x)}));
    }
    for (const Expression& expression : expressions) {
      emitters.emplace_back([&](llvm::Module& module, const std::string& name) {
        const std::vector<codegen::ResultStore> stores{codegen::ResultStore::overwrite};
        return codegen::emit_expression(module, expression, stores, cpu.target, name).function;
      });
    }
    const CompiledKernels kernels(emitters, cpu, 2);
    for (std::size_t i = 0; i < std::size(functions); ++i) {
      std::vector<float> operand = values;
      expr::test::Leaves leaves;
      leaves.operands.emplace_back(values.begin(), values.end());
      const expr::test::Elements want = expr::test::evaluate(expressions[i], leaves)[0];
      std::vector<float> got(want.size());
      call_with_pointers(kernels.address(i), {operand.data(), got.data(), nullptr});
      for (std::size_t j = 0; j < want.size(); ++j) {
        CHECK_MESSAGE(is_same(got[j], want[j]), std::string(functions[i].name), " of ", values[j], " is ", got[j],
                      ", expected ", want[j], " with ", cpu.target.vector_floats, " lanes");
      }
    }
  }
}

TEST_CASE("a pointwise result may be the memory of its operand") {
  Builder b;
  const Value x{b, b.operand(0, {45})};
  const Expression expression = b.finish({gelu(x) + x});
  const CpuLevel cpu = runnable_levels()[0];
  const EmitKernel emit = [&](llvm::Module& module, const std::string& name) {
    return codegen::emit_expression(module, expression, {codegen::ResultStore::overwrite}, cpu.target, name).function;
  };
  const CompiledKernels kernels(std::vector<EmitKernel>{emit}, cpu, 2);
  std::vector<float> apart(45);
  std::vector<float> operand(45);
  for (std::size_t i = 0; i < 45; ++i) operand[i] = 0.1F * static_cast<float>(i) - 2;
  call_with_pointers(kernels.address(0), {operand.data(), apart.data(), nullptr});
  CHECK(apart[44] > 4);
  call_with_pointers(kernels.address(0), {operand.data(), operand.data(), nullptr});
  CHECK(operand == apart);
}

TEST_CASE("another kernel applies a pointwise expression to its vectors") {
  Builder b;
  const Value x{b, b.operand(0, {6, 8})};
  const Value shifted = x * Value{b, b.weight(0, {6, 1})} + Value{b, b.operand(1, {6, 8})};
  const Expression expression = b.finish({hard_swish(shifted)});
  const CpuLevel cpu = runnable_levels()[0];
  const EmitKernel emit = [&](llvm::Module& module, const std::string& name) {
    llvm::Type* pointer = llvm::PointerType::getUnqual(module.getContext());
    llvm::FunctionType* type = llvm::FunctionType::get(llvm::Type::getVoidTy(module.getContext()),
                                                       {pointer, pointer, pointer, pointer}, false);
    codegen::KernelBuilder kernel(module, name, type, cpu.target, false);
    llvm::Value* result = codegen::emit_pointwise(kernel, expression, kernel.load(kernel.argument(0), 4),
                                                  [&](const TermInfo& leaf, int lanes) {
                                                    if (leaf.primitive == Primitive::weight)
                                                      return kernel.load_splat(kernel.argument(2), lanes);
                                                    return kernel.load(kernel.argument(1), lanes);
                                                  });
    kernel.store(result, kernel.argument(3));
    return kernel.finish();
  };
  const CompiledKernels kernels(std::vector<EmitKernel>{emit}, cpu, 2);
  std::vector<float> first{-3, -1, 0.5F, 4};
  std::vector<float> second{1, 0, -1, 2};
  std::vector<float> scale{0.75F};
  std::vector<float> got(4);
  call_with_pointers(kernels.address(0), {first.data(), second.data(), scale.data(), got.data()});
  for (std::size_t i = 0; i < 4; ++i) {
    const double y = first[i] * 0.75 + second[i];
    CHECK(got[i] == doctest::Approx(y * std::fmin(std::fmax(y + 3, 0), 6) / 6).epsilon(1e-5));
  }
}
