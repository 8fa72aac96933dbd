// Times the kernels of the runtime alone: the training step of high_low, each of its ops, and the ways to compute an
// inference convolution (the figures behind the table in runtime/kernels/conv_plan.cpp).
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "high_low_table.h"
#include "kernels/conv_plan.h"
#include "kernels/padded_plane_conv.h"

namespace {

using d2nn::bench::HighLowTable;
using d2nn::bench::ListedOp;
using d2nn::kernels::ConvPlan;
using d2nn::kernels::TrainOps;

constexpr std::int64_t batch_rows = 64;

/// One batch of high_low, ready to run.
struct Step {
  explicit Step(std::size_t threads)
      : pool(threads), ops(std::move(*TrainOps::create(table.module(), batch_rows, pool))) {
    run();
  }
  void begin() {
    if (!ops->begin_step(table.memory(), {}).ok()) std::abort();
  }
  void forward(const ListedOp& op) {
    if (ops->forward(op.op, op.rows->data(), static_cast<std::int64_t>(op.rows->size())) != D2NN_OK) std::abort();
  }
  void backward(const ListedOp& op) {
    if (ops->backward(op.op, op.rows->data(), static_cast<std::int64_t>(op.rows->size())) != D2NN_OK) std::abort();
  }
  void run() {
    begin();
    for (const ListedOp& op : table.order()) forward(op);
    table.clear_gradients();
    for (auto op = table.order().rbegin(); op != table.order().rend(); ++op) backward(*op);
  }

  HighLowTable table{batch_rows};
  d2nn::threads::ThreadPool pool;
  std::unique_ptr<TrainOps> ops;
};

void whole_step(benchmark::State& state, std::size_t threads) {
  Step step(threads);
  for (auto _ : state) {
    step.run();
    step.table.update(1e-6F);
  }
}

void one_op(benchmark::State& state, std::size_t threads, std::size_t op, bool is_forward) {
  Step step(threads);
  for (auto _ : state) {
    if (is_forward) {
      step.forward(step.table.order()[op]);
    } else {
      step.backward(step.table.order()[op]);
    }
  }
}

d2nn_op conv(std::int64_t in_c, std::int64_t size, std::int64_t out_c, std::int64_t kernel, std::int64_t stride,
             std::int64_t groups) {
  d2nn_op op{};
  op.kind = D2NN_OP_CONV;
  op.in_c = in_c;
  op.in_h = op.in_w = size;
  op.out_c = out_c;
  op.kernel_h = op.kernel_w = kernel;
  op.stride_h = op.stride_w = stride;
  op.pad_h = op.pad_w = kernel / 2;
  op.dilation_h = op.dilation_w = 1;
  op.groups = groups;
  op.out_h = op.out_w = (size + 2 * op.pad_h - kernel) / stride + 1;
  op.fused_relu = 1;
  return op;
}

void inference_conv(benchmark::State& state, const d2nn_op& op, ConvPlan plan) {
  const std::vector<float> weight(static_cast<std::size_t>(op.out_c * op.in_c / op.groups * op.kernel_h * op.kernel_w),
                                  0.1F);
  const std::vector<float> bias(static_cast<std::size_t>(op.out_c), 0.1F);
  const auto made = d2nn::kernels::create_library_op(op, plan, weight.data(), bias.data());
  if (!made.ok()) return state.SkipWithError("the library has no such kernel");
  const auto call = d2nn::kernels::LibraryCall::create(**made);
  d2nn::storage::AlignedFloats src(op.in_c * op.in_h * op.in_w);
  d2nn::storage::AlignedFloats dst(op.out_c * op.out_h * op.out_w);
  for (auto _ : state) benchmark::DoNotOptimize((*call)->run(src.data(), dst.data()));
  const double flop =
      2.0 * static_cast<double>(op.out_c * op.out_h * op.out_w * (op.in_c / op.groups) * op.kernel_h * op.kernel_w);
  state.counters["GFLOP/s"] = benchmark::Counter(flop * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void register_all() {
  for (const std::size_t threads : {1, 2}) {
    const std::string suffix = "/threads:" + std::to_string(threads);
    benchmark::RegisterBenchmark(("high_low/step" + suffix).c_str(), whole_step, threads)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    const HighLowTable table(1);
    for (std::size_t i = 0; i < table.order().size(); ++i) {
      const std::string name = std::string("high_low/") + table.op(table.order()[i].op).label;
      for (const bool is_forward : {true, false})
        benchmark::RegisterBenchmark((name + (is_forward ? "/forward" : "/backward") + suffix).c_str(), one_op, threads,
                                     i, is_forward)
            ->Unit(benchmark::kMicrosecond)
            ->UseRealTime();
    }
  }
  const std::pair<const char*, ConvPlan> plans[] = {{"flat", ConvPlan::flat},
                                                    {"planar_source", ConvPlan::planar_source},
                                                    {"blocked", ConvPlan::blocked},
                                                    {"winograd", ConvPlan::winograd}};
  struct Shape {
    std::int64_t in_c, size, out_c, kernel, stride, groups;
  };
  for (const Shape& s :
       {Shape{3, 112, 8, 3, 2, 1}, {3, 112, 2, 3, 2, 1},    {3, 224, 64, 7, 2, 1},  {3, 32, 16, 3, 1, 1},
        {8, 28, 2, 3, 1, 1},       {8, 28, 16, 3, 1, 1},    {8, 28, 16, 1, 1, 1},   {16, 32, 16, 3, 1, 1},
        {16, 32, 32, 3, 2, 1},     {32, 16, 32, 3, 1, 1},   {32, 14, 32, 3, 1, 1},  {32, 16, 64, 3, 2, 1},
        {64, 8, 64, 3, 1, 1},      {64, 56, 64, 3, 1, 1},   {64, 56, 64, 1, 1, 1},  {128, 28, 128, 3, 1, 1},
        {256, 14, 256, 3, 1, 1},   {256, 14, 512, 1, 1, 1}, {512, 7, 512, 3, 1, 1}, {64, 28, 64, 3, 1, 64},
        {64, 28, 64, 3, 1, 4}}) {
    const d2nn_op op = conv(s.in_c, s.size, s.out_c, s.kernel, s.stride, s.groups);
    for (const auto& [name, plan] : plans) {
      const std::string text = "conv/in" + std::to_string(s.in_c) + "x" + std::to_string(s.size) + "/out" +
                               std::to_string(s.out_c) + "/k" + std::to_string(s.kernel) + "/s" +
                               std::to_string(s.stride) + "/g" + std::to_string(s.groups) + "/" + name;
      benchmark::RegisterBenchmark(text.c_str(), inference_conv, op, plan)->Unit(benchmark::kMicrosecond);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
