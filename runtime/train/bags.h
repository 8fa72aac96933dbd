// Mini-bags: which samples are in which bag of which epoch. Bags are stratified, so that each has the data's share of
// each class and a metric such as F1 is defined on every bag; within an epoch samples are drawn without replacement.
//
// An epoch is a pure function of (labels, seed, epoch). The samples of each class are shuffled and spread evenly over
// [0, 1) with a random offset per class; all samples in the order of these positions, cut into bags of m, give every
// bag floor or ceil (within one) of m times the class's share. The n mod m samples left over differ from epoch to
// epoch. F1 only: in a bag that got no positive, one sample (drawn) is replaced by the next of the shuffled positives,
// which may then occur twice.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "status/status.h"
#include "train/reward.h"

namespace d2nn::train {

/// Makes the bags of a training set, epoch by epoch.
class Bags {
 public:
  /// samples: numbers of the data set that may be used, each with its label in `labels` (indexed by those numbers).
  /// D2NN_INVALID_ARGUMENT: fewer samples than one bag needs, or F1 without a positive among them.
  static Result<Bags> create(std::span<const std::uint32_t> samples, std::span<const std::int32_t> labels,
                             std::int64_t bag_size, const Metric& metric, std::uint64_t seed);

  std::int64_t bags_per_epoch() const { return bags_per_epoch_; }
  std::int64_t bag_size() const { return bag_size_; }
  /// Sample numbers [bags_per_epoch * bag_size] of an epoch, bag after bag; `order` is overwritten.
  void fill_epoch(std::int64_t epoch, std::vector<std::uint32_t>& order) const;

 private:
  Bags() = default;
  struct Class {
    std::int32_t label = 0;
    std::vector<std::uint32_t> samples;  // ascending
  };
  void ensure_positives(std::int64_t epoch, std::vector<std::uint32_t>& order) const;

  std::vector<Class> classes_;  // those that have samples, by label
  std::vector<std::int32_t> labels_;
  std::int64_t bag_size_ = 1;
  std::int64_t bags_per_epoch_ = 0;
  Metric metric_;
  std::uint64_t seed_ = 0;
};

}  // namespace d2nn::train
