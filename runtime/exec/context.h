// All memory and threads of one caller: made once, so that a run allocates nothing.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "d2nn/module.h"
#include "exec/budget.h"
#include "exec/forced_policy.h"
#include "exec/frame.h"
#include "exec/model.h"
#include "kernels/library_op.h"
#include "status/status.h"
#include "threads/thread_pool.h"
#include "weights/pack.h"

namespace d2nn::exec {

/// What a run reads and writes; every pointer was checked by the caller (runtime/api), every buffer is the user's.
struct RunRequest {
  std::size_t batch = 0;                 ///< 1 .. max_batch
  const float* const* inputs = nullptr;  ///< [inputs] of [batch, shape]
  float* const* outputs = nullptr;       ///< [outputs] of [batch, shape]
  std::uint8_t* const* valid = nullptr;  ///< NULL, or [outputs] of NULL or [batch]
  const d2nn_trace* trace = nullptr;     ///< or NULL
  std::size_t threads = 0;               ///< 0: all of the context's
  std::int64_t cost_budget = 0;          ///< multiplications of a sample, accepted by check_budget; 0: none
  /// NULL, or [controls]: the action that each control node takes in every sample; together with no budget.
  const std::int32_t* forced_actions = nullptr;
  std::size_t first_sample = 0;  ///< number of the first sample in messages, for data cut into runs
};

/// A frame for tiles of inference, with what its calls need. Owned by one thread while it works.
class TileFrame {
 public:
  static Result<std::unique_ptr<TileFrame>> create(const Model& model);

  /// Points the frame at samples first .. first+rows-1 of a request.
  void aim(const RunRequest& request, std::size_t first);
  /// Runs the compiled code on rows 0 .. rows-1. `alone`: through forward_one; rows is 1 then.
  std::int32_t call(std::size_t rows, bool alone);
  /// After a call that succeeded: what those rows did, into the request's trace.
  void write_trace(const d2nn_trace& trace, std::size_t first, std::size_t rows) const;
  const Failure& failure() const { return frame_.failure(); }

 private:
  explicit TileFrame(const Model& model);

  const d2nn_module& module_;
  Frame frame_;
  std::vector<std::uint8_t>
      unwanted_valid_;  // where validity goes that the caller did not ask for: [outputs][tile_rows]
  std::vector<std::unique_ptr<kernels::LibraryCall>> owned_calls_;
  std::vector<kernels::LibraryCall*> library_calls_;
  BudgetPolicy budget_policy_;
  ForcedPolicy forced_policy_;
  std::int64_t budget_ = 0;                       // of the request at hand
  const std::int32_t* forced_actions_ = nullptr;  // the same
};

/// Threads that a context may be made with.
inline constexpr std::size_t most_threads = 4096;

/// How many tiles a batch is cut into: as few as possible, but at least one per thread where tiles keep enough rows.
std::size_t count_tiles(const d2nn_module& module, std::size_t batch, std::size_t threads);

/// One caller's way to run a model. One run at a time; contexts of one model share nothing that is written.
class Context {
 public:
  /// threads 0: as many as the largest run has tiles, at most the processors this process may use. Throws
  /// std::bad_alloc only.
  static Result<std::unique_ptr<Context>> create(const Model& model, std::size_t max_batch, std::size_t threads);

  const Model& model() const { return model_; }
  std::size_t max_batch() const { return max_batch_; }
  /// The most threads a run may ask for.
  std::size_t threads() const { return threads_; }

  /// Runs a batch in tiles; a sample gets the same bits in every tile, so for any number of threads. Allocates nothing
  /// unless it fails. D2NN_NONFINITE_CONTROL names the first such sample in batch order; after any failure all validity
  /// bytes are 0.
  Status run(const RunRequest& request);

 private:
  /// The failing tile that comes first, of those one thread met.
  struct TileFailure {
    std::size_t tile = SIZE_MAX;
    std::int32_t status = D2NN_OK;
    std::size_t first = 0, rows = 0;  // samples of the tile
    Failure failure;
  };

  Context(const Model& model, std::size_t max_batch, std::size_t threads)
      : model_(model), max_batch_(max_batch), threads_(threads) {}
  void run_tile(const RunRequest& request, std::size_t tile, std::size_t tiles, std::size_t thread);
  Status report(const RunRequest& request) const;

  const Model& model_;
  std::size_t max_batch_;
  std::size_t threads_;
  std::vector<std::unique_ptr<TileFrame>> frames_;  // one per thread of the pool
  std::vector<TileFailure> failures_;               // the same
  std::unique_ptr<threads::ThreadPool> pool_;
  std::atomic<std::size_t> first_failed_tile_{SIZE_MAX};
};

}  // namespace d2nn::exec
