// Times the kernels of the runtime alone: the training step of high_low and each of its ops.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "high_low_table.h"

namespace {

using d2nn::bench::HighLowTable;
using d2nn::bench::ListedOp;
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
}

}  // namespace

int main(int argc, char** argv) {
  register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
