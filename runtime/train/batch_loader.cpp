// The thread that fills mini-batches: see batch_loader.h.
#include "train/batch_loader.h"

#include <algorithm>

#include "d2nn/rounding.h"

namespace d2nn::train {

std::int64_t steps_per_epoch(const Bags& bags, std::int64_t batch) {
  return ceil_div(bags.bags_per_epoch(), batch);
}

BatchLoader::BatchLoader(const datasets::Dataset& data, const Bags& bags, std::int64_t batch, std::int64_t first_step,
                         std::int64_t last_step)
    : data_(data),
      bags_(bags),
      batch_bags_(batch),
      steps_per_epoch_(steps_per_epoch(bags, batch)),
      first_step_(first_step),
      last_step_(last_step) {
  const auto capacity = static_cast<std::size_t>(batch * bags.bag_size());
  for (Batch& slot : batches_) {
    slot.inputs = storage::AlignedFloats(capacity * static_cast<std::size_t>(data.elements()));
    slot.labels.resize(capacity);
    slot.samples.resize(capacity);
  }
  thread_ = std::thread([this] { run(); });
}

BatchLoader::~BatchLoader() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BatchLoader::run() {
  for (std::int64_t step = first_step_; step < last_step_; ++step) {
    {
      // Two slots: one is being learned from (the last taken), the other may be filled.
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_stopping_ || filled_ <= taken_; });
      if (is_stopping_) return;
    }
    fill(batches_[(step - first_step_) % 2], step);
    {
      const std::lock_guard lock(mutex_);
      ++filled_;
    }
    changed_.notify_all();
  }
}

void BatchLoader::fill(Batch& batch, std::int64_t step) {
  const std::int64_t epoch = step / steps_per_epoch_;
  if (epoch != epoch_) {
    bags_.fill_epoch(epoch, order_);
    epoch_ = epoch;
  }
  const std::int64_t first_bag = step % steps_per_epoch_ * batch_bags_;
  const std::int64_t bags = std::min(batch_bags_, bags_.bags_per_epoch() - first_bag);
  batch.rows = bags * bags_.bag_size();
  batch.status = {};
  const std::uint32_t* samples = order_.data() + first_bag * bags_.bag_size();
  for (std::int64_t r = 0; r < batch.rows; ++r) {
    batch.labels[static_cast<std::size_t>(r)] = data_.label(samples[r]);
    batch.samples[static_cast<std::size_t>(r)] = samples[r];
    if (Status status = data_.fill(samples[r], batch.inputs.data() + r * data_.elements());
        !status.ok() && batch.status.ok()) {
      batch.status = std::move(status);
    }
  }
}

const Batch& BatchLoader::next() {
  std::unique_lock lock(mutex_);
  const std::int64_t wanted = taken_;
  changed_.wait(lock, [&] { return filled_ > wanted; });
  ++taken_;
  changed_.notify_all();
  return batches_[wanted % 2];
}

}  // namespace d2nn::train
