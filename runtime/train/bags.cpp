// Stratified mini-bags: see bags.h.
#include "train/bags.h"

#include <algorithm>
#include <map>
#include <string>

#include "train/random.h"

namespace d2nn::train {

Result<Bags> Bags::create(std::span<const std::uint32_t> samples, std::span<const std::int32_t> labels,
                          std::int64_t bag_size, const Metric& metric, std::uint64_t seed) {
  if (static_cast<std::int64_t>(samples.size()) < bag_size) {
    return Status(D2NN_INVALID_ARGUMENT,
                  "a bag of " + std::to_string(bag_size) + " samples (--bag) cannot be filled from " +
                      std::to_string(samples.size()) +
                      " training samples: give a smaller --bag, more data or a smaller --holdout");
  }
  Bags bags;
  std::map<std::int32_t, std::vector<std::uint32_t>> by_label;
  for (const std::uint32_t sample : samples) by_label[labels[sample]].push_back(sample);
  if (metric.kind == MetricKind::f1 && by_label.find(metric.positive) == by_label.end()) {
    return Status(D2NN_INVALID_ARGUMENT,
                  "--metric f1:" + std::to_string(metric.positive) + " needs samples of class " +
                      std::to_string(metric.positive) +
                      ", and the training samples have none: name another class or give other data");
  }
  for (auto& [label, members] : by_label) {
    std::sort(members.begin(), members.end());
    bags.classes_.push_back({label, std::move(members)});
  }
  bags.labels_.assign(labels.begin(), labels.end());
  bags.bag_size_ = bag_size;
  bags.bags_per_epoch_ = static_cast<std::int64_t>(samples.size()) / bag_size;
  bags.metric_ = metric;
  bags.seed_ = seed;
  return bags;
}

void Bags::fill_epoch(std::int64_t epoch, std::vector<std::uint32_t>& order) const {
  struct Place {
    double position;
    std::size_t class_index;
    std::uint32_t sample;
  };
  std::vector<Place> places;
  std::vector<std::uint32_t> shuffled;
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    shuffled = classes_[c].samples;
    const auto site = static_cast<std::uint32_t>(c);
    shuffle(shuffled, seed_, Purpose::order, site, static_cast<std::uint64_t>(epoch));
    const double offset = Draw(seed_, Purpose::order, site, static_cast<std::uint64_t>(epoch), 0).uniform();
    for (std::size_t j = 0; j < shuffled.size(); ++j) {
      places.push_back({(static_cast<double>(j) + offset) / static_cast<double>(shuffled.size()), c, shuffled[j]});
    }
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.position != b.position ? a.position < b.position : a.class_index < b.class_index;
  });
  order.resize(static_cast<std::size_t>(bags_per_epoch_ * bag_size_));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = places[i].sample;
  if (metric_.kind == MetricKind::f1) ensure_positives(epoch, order);
}

void Bags::ensure_positives(std::int64_t epoch, std::vector<std::uint32_t>& order) const {
  const auto members =
      std::find_if(classes_.begin(), classes_.end(), [&](const Class& c) { return c.label == metric_.positive; });
  std::vector<std::uint32_t> positives = members->samples;
  shuffle(positives, seed_, Purpose::bag_positives, 0, static_cast<std::uint64_t>(epoch));
  std::size_t next = 0;
  for (std::int64_t bag = 0; bag < bags_per_epoch_; ++bag) {
    const auto begin = order.begin() + bag * bag_size_;
    const auto end = begin + bag_size_;
    if (std::any_of(begin, end, [&](std::uint32_t sample) { return labels_[sample] == metric_.positive; })) continue;
    const Draw draw(seed_, Purpose::bag_positives, 1, static_cast<std::uint64_t>(epoch),
                    static_cast<std::uint64_t>(bag));
    *(begin + draw.below(static_cast<std::uint32_t>(bag_size_))) = positives[next];
    next = (next + 1) % positives.size();
  }
}

}  // namespace d2nn::train
