// One run: a batch cut into tiles, tiles handed to the threads, failures and traces put together in batch order.
#include <algorithm>
#include <cmath>
#include <string>

#include "exec/context.h"
#include "exec/float_mode.h"
#include "threads/openmp_guard.h"

namespace d2nn::exec {
namespace {

/// Tile t of `tiles` over `batch` samples: sizes differ by one at most, so that threads finish together.
std::size_t tile_begin(std::size_t batch, std::size_t tiles, std::size_t tile) {
  return batch / tiles * tile + std::min(tile, batch % tiles);
}

/// As people write them; std::to_string may say "-nan".
std::string score_text(float score) {
  if (std::isnan(score)) return "NaN";
  return score > 0 ? "infinity" : "-infinity";
}

std::string samples_text(std::size_t first, std::size_t rows) {
  return rows == 1 ? "sample " + std::to_string(first)
                   : "samples " + std::to_string(first) + " to " + std::to_string(first + rows - 1);
}

}  // namespace

void TileFrame::aim(const RunRequest& request, std::size_t first) {
  budget_ = request.cost_budget;
  forced_actions_ = request.forced_actions;
  for (std::size_t i = 0; i < module_.input_count; ++i)
    frame_.inputs()[i] = request.inputs[i] + first * static_cast<std::size_t>(module_.inputs[i].elements);
  const std::size_t capacity = static_cast<std::size_t>(frame_.capacity());
  for (std::size_t i = 0; i < module_.output_count; ++i) {
    frame_.outputs()[i] = request.outputs[i] + first * static_cast<std::size_t>(module_.outputs[i].elements);
    std::uint8_t* wanted = request.valid == nullptr ? nullptr : request.valid[i];
    frame_.valid()[i] = wanted == nullptr ? unwanted_valid_.data() + i * capacity : wanted + first;
  }
}

std::int32_t TileFrame::call(std::size_t rows, bool alone) {
  frame_.clear();
  DecisionPolicy*& policy = frame_.state().policy;
  policy = budget_ == 0 ? nullptr : &budget_policy_;
  if (budget_ != 0) budget_policy_.begin(budget_);
  if (forced_actions_ != nullptr) {
    forced_policy_.begin(forced_actions_);
    policy = &forced_policy_;
  }
  return alone ? module_.forward_one(frame_.get())
               : module_.forward_tile(frame_.get(), static_cast<std::int64_t>(rows));
}

void TileFrame::write_trace(const d2nn_trace& trace, std::size_t first, std::size_t rows) const {
  for (std::size_t r = 0; r < rows; ++r) {
    const auto row = static_cast<std::int64_t>(r);
    const std::size_t sample = first + r;
    for (std::uint32_t c = 0; trace.actions != nullptr && c < module_.control_count; ++c)
      trace.actions[sample * module_.control_count + c] = frame_.actions(c)[row];
    for (std::uint32_t node = 0; trace.executed != nullptr && node < module_.node_count; ++node)
      trace.executed[sample * module_.node_count + node] = frame_.has_executed(node, row) ? 1 : 0;
    if (trace.cost != nullptr) trace.cost[sample] = frame_.cost(row);
  }
}

void Context::run_tile(const RunRequest& request, std::size_t tile, std::size_t tiles, std::size_t thread) {
  // Tiles before the first failing one still run: only they can change which sample is named.
  if (tile > first_failed_tile_.load(std::memory_order_relaxed)) return;
  const FlushSubnormals mode;
  const std::size_t first = tile_begin(request.batch, tiles, tile);
  const std::size_t rows = tile_begin(request.batch, tiles, tile + 1) - first;
  const bool alone = request.batch == 1;
  TileFrame& frame = *frames_[thread];
  frame.aim(request, first);
  const std::int32_t status = frame.call(rows, alone);
  if (status == D2NN_OK) {
    if (request.trace != nullptr) frame.write_trace(*request.trace, first, rows);
    return;
  }

  TileFailure found{tile, status, first, rows, frame.failure()};
  // A control node that comes later may have failed for an earlier sample: look again at the samples before this one.
  while (found.status == D2NN_NONFINITE_CONTROL && found.failure.row > 0) {
    const std::int32_t again = frame.call(static_cast<std::size_t>(found.failure.row), false);
    if (again != D2NN_NONFINITE_CONTROL) break;
    found.failure = frame.failure();
  }
  if (tile < failures_[thread].tile) failures_[thread] = found;
  std::size_t known = first_failed_tile_.load(std::memory_order_relaxed);
  while (tile < known && !first_failed_tile_.compare_exchange_weak(known, tile, std::memory_order_relaxed)) {
  }
}

Status Context::run(const RunRequest& request) {
  const std::size_t working = request.threads == 0 ? frames_.size() : std::min(request.threads, frames_.size());
  const std::size_t tiles = count_tiles(model_.module(), request.batch, working);
  first_failed_tile_.store(SIZE_MAX, std::memory_order_relaxed);
  {
    const threads::OneOpenMpThread one_thread;  // for this thread; the pool's have it
    auto task = [&](std::size_t tile, std::size_t thread) { run_tile(request, tile, tiles, thread); };
    pool_->run(tiles, task, request.threads);
  }
  if (first_failed_tile_.load(std::memory_order_relaxed) == SIZE_MAX) return {};
  Status status = report(request);
  std::fill(failures_.begin(), failures_.end(), TileFailure{});
  return status;
}

Status Context::report(const RunRequest& request) const {
  const d2nn_module& module = model_.module();
  if (request.valid != nullptr) {
    for (std::uint32_t i = 0; i < module.output_count; ++i) {
      if (request.valid[i] != nullptr) std::fill_n(request.valid[i], request.batch, std::uint8_t{0});
    }
  }
  const TileFailure& first = *std::min_element(
      failures_.begin(), failures_.end(), [](const TileFailure& a, const TileFailure& b) { return a.tile < b.tile; });
  const Failure& failure = first.failure;
  if (first.status == D2NN_NONFINITE_CONTROL && failure.row >= 0) {
    const d2nn_control& control = module.controls[failure.control];
    return {D2NN_NONFINITE_CONTROL,
            "control node `" + std::string(module.nodes[control.node].name) + "` cannot decide for sample " +
                std::to_string(request.first_sample + first.first + static_cast<std::size_t>(failure.row)) +
                ": its score for action `" + control.actions[failure.action].name + "` is " +
                score_text(failure.score) +
                "; look for NaN, infinite or very large values in that sample and in the weights"};
  }
  const std::string where = samples_text(request.first_sample + first.first, first.rows);
  if (failure.op != D2NN_NO_INDEX) {
    return {static_cast<d2nn_status>(first.status),
            "the kernel of `" + std::string(module.ops[failure.op].label) + "` failed for " + where};
  }
  return {static_cast<d2nn_status>(first.status), "the code of module `" + std::string(module.name) + "` failed for " +
                                                      where + " with status " + std::to_string(first.status)};
}

}  // namespace d2nn::exec
