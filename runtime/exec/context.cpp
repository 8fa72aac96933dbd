#include "exec/context.h"

#include <sched.h>

#include <algorithm>
#include <limits>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "threads/openmp_guard.h"

namespace d2nn::exec {
namespace {

/// Processors that this process may run on; at least 1.
std::size_t processors() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

/// Every buffer of the largest batch must be addressable, so that no size of a run can overflow.
Status check_sizes(const d2nn_module& module, std::size_t max_batch) {
  const auto check = [&](const char* role, const d2nn_tensor_info* tensors, std::uint32_t count) -> Status {
    for (std::uint32_t i = 0; i < count; ++i) {
      std::size_t bytes = 0;
      if (!__builtin_mul_overflow(static_cast<std::size_t>(tensors[i].size_bytes), max_batch, &bytes) &&
          bytes <= static_cast<std::size_t>(PTRDIFF_MAX)) {
        continue;
      }
      return {D2NN_INVALID_ARGUMENT, "max_batch is " + std::to_string(max_batch) + ", but so many samples of " + role +
                                         " `" + tensors[i].name + "` exceed the address space"};
    }
    return {};
  };
  if (Status status = check("input", module.inputs, module.input_count); !status.ok()) return status;
  return check("output", module.outputs, module.output_count);
}

}  // namespace

std::size_t count_tiles(const d2nn_module& module, std::size_t batch, std::size_t threads) {
  // A tile of few rows streams the weights for little work.
  constexpr std::size_t least_rows = 8;
  const std::size_t capacity = static_cast<std::size_t>(module.tile_rows);
  const auto parts = [](std::size_t count, std::size_t size) { return count / size + (count % size != 0 ? 1 : 0); };
  const std::size_t least = parts(batch, capacity);
  if (capacity <= least_rows || threads <= 1) return least;
  return std::max(least, std::min(parts(least, threads) * threads, parts(batch, least_rows)));
}

TileFrame::TileFrame(const Model& model)
    : module_(model.module()),
      frame_(module_, module_.arena_bytes, module_.tile_rows, model.packed(), inference_calls),
      unwanted_valid_(area(module_.output_count, module_.tile_rows, 1)),
      owned_calls_(module_.op_count),
      library_calls_(module_.op_count),
      budget_policy_(module_, module_.tile_rows) {
  frame_.state().library_calls = library_calls_.data();
}

Result<std::unique_ptr<TileFrame>> TileFrame::create(const Model& model) {
  std::unique_ptr<TileFrame> frame(new TileFrame(model));
  for (std::size_t op = 0; op < model.module().op_count; ++op) {
    if (model.library_op(op) == nullptr) continue;
    Result<std::unique_ptr<kernels::LibraryCall>> call = kernels::LibraryCall::create(*model.library_op(op));
    if (!call.ok()) return call.status();
    frame->owned_calls_[op] = *std::move(call);
    frame->library_calls_[op] = frame->owned_calls_[op].get();
  }
  return frame;
}

Result<std::unique_ptr<Context>> Context::create(const Model& model, std::size_t max_batch, std::size_t threads) {
  const d2nn_module& module = model.module();
  if (max_batch == 0) return Status{D2NN_INVALID_ARGUMENT, "max_batch is 0, it must be at least 1"};
  if (Status status = check_sizes(module, max_batch); !status.ok()) return status;
  if (threads > most_threads) {
    return Status{D2NN_INVALID_ARGUMENT,
                  "threads is " + std::to_string(threads) + ", it must be at most " + std::to_string(most_threads)};
  }
  const std::size_t allowed = threads == 0 ? std::min(processors(), most_threads) : threads;
  const std::size_t tiles = count_tiles(module, max_batch, allowed);
  const std::size_t working = std::min(allowed, tiles);  // more threads than tiles would only wait
  std::unique_ptr<Context> context(new Context(model, max_batch, threads == 0 ? working : threads));
  context->failures_.resize(working);
  {
    const threads::OneOpenMpThread one_thread;  // library calls are made for the count
    for (std::size_t i = 0; i < working; ++i) {
      Result<std::unique_ptr<TileFrame>> frame = TileFrame::create(model);
      if (!frame.ok()) return frame.status();
      context->frames_.push_back(*std::move(frame));
    }
  }
  try {
    context->pool_ = std::make_unique<threads::ThreadPool>(working);
  } catch (const std::system_error& error) {
    return Status{D2NN_OUT_OF_MEMORY, "cannot start " + std::to_string(working - 1) + " threads: " + error.what() +
                                          "; ask for fewer in d2nn_context_options::threads"};
  }
  return context;
}

}  // namespace d2nn::exec
