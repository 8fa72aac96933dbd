// Kernels emitted from tensor expressions, one thread: microseconds of CPU time (median), and GB/s where every operand,
// weight and result is counted once.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codegen/expressions/emit_expression.h"
#include "expr/compose.h"
#include "expr/gradient.h"
#include "unit/codegen_kernels/expression_runs.h"

namespace {

using namespace d2nn::expr;
using namespace d2nn::testing;
using d2nn::codegen::ResultStore;

struct Case {
  std::string name;
  Expression expression;
};

Case forward(std::string name, const std::function<Value(Builder&)>& compose) {
  Builder builder;
  return {std::move(name), builder.finish({compose(builder)})};
}

Case backward(const Case& c) {
  const Wanted wanted{std::vector<bool>(c.expression.operand_count(), true),
                      std::vector<bool>(c.expression.weight_count(), true)};
  return {c.name + ", gradient", reading_result(gradient(c.expression, wanted), c.expression)};
}

Value tensor(Builder& b, Dims dims) {
  return {b, b.operand(0, std::move(dims))};
}

Value scaled(Builder& b, const Value& x, const Dims& dims) {
  return x * Value{b, b.weight(0, dims)} + Value{b, b.weight(1, dims)};
}

std::vector<Case> cases() {
  std::vector<Case> all;
  all.push_back(forward("relu [64, 56, 56]", [](Builder& b) { return relu(tensor(b, {64, 56, 56})); }));
  all.push_back(forward("gelu [197, 3072]", [](Builder& b) { return gelu(tensor(b, {197, 3072})); }));
  all.push_back(forward("hard_swish [64, 56, 56]", [](Builder& b) { return hard_swish(tensor(b, {64, 56, 56})); }));
  all.push_back(forward("silu [64, 56, 56]", [](Builder& b) { return silu(tensor(b, {64, 56, 56})); }));
  all.push_back(forward("scale and shift [64, 56, 56]",
                        [](Builder& b) { return scaled(b, tensor(b, {64, 56, 56}), {64, 1, 1}); }));
  all.push_back(forward("layer_norm [197, 768]",
                        [](Builder& b) { return scaled(b, normalise(tensor(b, {197, 768}), {1}, 1e-5), {1, 768}); }));
  all.push_back(forward("softmax [12, 197, 197]", [](Builder& b) { return softmax(tensor(b, {12, 197, 197}), {2}); }));
  all.push_back(forward("layer_norm over channels [96, 56, 56]", [](Builder& b) {
    return scaled(b, normalise(tensor(b, {96, 56, 56}), {0}, 1e-5), {96, 1, 1});
  }));
  all.push_back(
      forward("softmax over channels [21, 64, 64]", [](Builder& b) { return softmax(tensor(b, {21, 64, 64}), {0}); }));
  all.push_back(forward("group_norm [32 groups, 64, 56, 56]", [](Builder& b) {
    const Value x{b, b.reshape(normalise(tensor(b, {32, 2 * 56 * 56}), {1}, 1e-5), {64, 56, 56})};
    return scaled(b, x, {64, 1, 1});
  }));
  const std::size_t layers = all.size();
  for (std::size_t i = 1; i < layers; ++i) all.push_back(backward(all[i]));
  all.push_back(
      forward("mean over pixels [512, 7, 7]", [](Builder& b) { return mean(tensor(b, {512, 7, 7}), {1, 2}); }));
  all.push_back(forward("heads [197, 12, 64] to [12, 197, 64]",
                        [](Builder& b) { return Value{b, b.permute(tensor(b, {197, 12, 64}), {1, 0, 2})}; }));
  all.push_back(
      forward("transpose [197, 768]", [](Builder& b) { return Value{b, b.permute(tensor(b, {197, 768}), {1, 0})}; }));
  all.push_back(forward("upsample [64, 28, 28] by 2",
                        [](Builder& b) { return Value{b, b.repeat(b.repeat(tensor(b, {64, 28, 28}), 1, 2), 2, 2)}; }));
  return all;
}

/// CPU time, so that what else the machine runs weighs less.
double thread_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

class Buffers {
 public:
  /// Floats that start at small numbers, on cache lines of their own.
  float* add(std::int64_t count) {
    const auto bytes = (static_cast<std::size_t>(count) * sizeof(float) + 127) / 64 * 64;
    buffers_.emplace_back(static_cast<float*>(std::aligned_alloc(64, bytes)), std::free);
    for (std::int64_t i = 0; i < count; ++i) buffers_.back().get()[i] = 0.01F * static_cast<float>(i % 101 - 50);
    return buffers_.back().get();
  }

 private:
  std::vector<std::unique_ptr<float, void (*)(void*)>> buffers_;
};

void run(const Case& c, const CpuLevel& cpu) {
  const std::vector<ResultStore> stores(c.expression.results.size(), ResultStore::overwrite);
  const std::vector<EmitKernel> emitters{[&](llvm::Module& module, const std::string& name) {
    return d2nn::codegen::emit_expression(module, c.expression, stores, cpu.target, name).function;
  }};
  const CompiledKernels kernels(emitters, cpu, 2);
  std::vector<std::int64_t> operands(c.expression.operand_count(), 1);
  std::vector<std::int64_t> weights(c.expression.weight_count(), 1);
  for (const TermInfo& info : c.expression.terms) {
    if (info.primitive == Primitive::operand) operands[info.index] = elements(info.dims);
    if (info.primitive == Primitive::weight) weights[info.index] = elements(info.dims);
  }
  Buffers buffers;
  std::vector<float*> pointers;
  std::int64_t floats = 0;
  const auto add = [&](std::int64_t count) {
    pointers.push_back(buffers.add(count));
    floats += count;
  };
  for (const std::int64_t count : operands) add(count);
  for (const std::int64_t count : weights) add(count);
  for (const Term result : c.expression.results) add(elements(c.expression[result].dims));
  const std::int64_t scratch = d2nn::codegen::expression_scratch_floats(c.expression, cpu.target);
  pointers.push_back(buffers.add(scratch));
  const auto time = [&](int rounds) {
    const double start = thread_microseconds();
    for (int round = 0; round < rounds; ++round) call_with_pointers(kernels.address(0), pointers);
    return (thread_microseconds() - start) / rounds;
  };
  const int rounds = static_cast<int>(std::clamp(3000.0 / time(3), 1.0, 1000.0));
  std::vector<double> times;
  for (int turn = 0; turn < 21; ++turn) times.push_back(time(rounds));
  std::nth_element(times.begin(), times.begin() + 10, times.end());
  std::printf("%-52s %9.1f us  %6.2f GB/s  scratch %7lld floats  code %6zu B  compile %4.0f ms\n", c.name.c_str(),
              times[10], static_cast<double>(floats) * 4e-3 / times[10], static_cast<long long>(scratch),
              kernels.code_bytes(), kernels.compile_seconds() * 1e3);
  if (!kernels.assembly().empty()) std::printf("%s\n", kernels.assembly().c_str());
}

}  // namespace

/// Arguments: numbers of the cases to run; none: all. D2NN_BENCH_LEVEL: an index into runnable_levels.
int main(int argc, char** argv) {
  const char* level = std::getenv("D2NN_BENCH_LEVEL");
  const CpuLevel cpu = runnable_levels().at(level == nullptr ? 0 : static_cast<std::size_t>(std::atoi(level)));
  const std::vector<Case> all = cases();
  std::vector<bool> chosen(all.size(), argc == 1);
  for (int i = 1; i < argc; ++i) chosen.at(static_cast<std::size_t>(std::atoi(argv[i]))) = true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (chosen[i]) run(all[i], cpu);
  }
}
