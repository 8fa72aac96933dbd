// Mini-batches of a data set in the order of the bags, filled by a thread of its own while the last one is being
// learned from. The order is that of Bags alone: what the thread does when never shows in the result.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "status/status.h"
#include "train/bags.h"
#include "train/datasets/dataset.h"
#include "weights/pack.h"

namespace d2nn::train {

/// Samples of one step.
struct Batch {
  storage::AlignedFloats inputs;       // [capacity, elements]
  std::vector<std::int32_t> labels;    // [capacity]
  std::vector<std::uint64_t> samples;  // [capacity]
  std::int64_t rows = 0;               // a multiple of the bag size; the last mini-batch of an epoch may be smaller
  Status status;                       // a sample that could not be read
};

/// Steps of an epoch: its bags, `batch` at a time.
std::int64_t steps_per_epoch(const Bags& bags, std::int64_t batch);

class BatchLoader {
 public:
  /// Starts filling from `first_step` up to (not including) `last_step`. data and bags must outlive the loader.
  /// Throws std::system_error when no thread can be made, std::bad_alloc.
  BatchLoader(const datasets::Dataset& data, const Bags& bags, std::int64_t batch, std::int64_t first_step,
              std::int64_t last_step);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  /// The next mini-batch, valid until the next call; at most last_step - first_step calls.
  const Batch& next();

 private:
  void run();
  void fill(Batch& batch, std::int64_t step);

  const datasets::Dataset& data_;
  const Bags& bags_;
  std::int64_t batch_bags_;
  std::int64_t steps_per_epoch_;
  std::int64_t first_step_, last_step_;
  std::int64_t epoch_ = -1;  // whose order is in order_; the thread's own
  std::vector<std::uint32_t> order_;
  Batch batches_[2];
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t filled_ = 0;  // mini-batches filled and handed out so far
  std::int64_t taken_ = 0;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace d2nn::train
