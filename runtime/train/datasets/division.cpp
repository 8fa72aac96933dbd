// Each class is shuffled by itself: every sample gets a key that is a function of the seed and its number alone.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "train/datasets/counter_random.h"
#include "train/datasets/dataset.h"

namespace d2nn::datasets {
namespace {

constexpr std::uint32_t division_stream = 0x64697673;  // apart from the streams that draw samples

std::size_t held_count(std::size_t count, double fraction) {
  if (fraction <= 0 || count < 2) return 0;
  const auto wanted = static_cast<std::size_t>(std::llround(static_cast<double>(count) * fraction));
  return std::clamp<std::size_t>(wanted, 1, count - 1);
}

}  // namespace

Division divide(std::span<const std::int32_t> labels, double fraction, std::uint64_t seed) {
  std::map<std::int32_t, std::vector<std::pair<std::uint32_t, std::uint32_t>>> classes;  // label -> (key, sample)
  for (std::uint32_t i = 0; i < labels.size(); ++i) {
    classes[labels[i]].emplace_back(CounterRandom(seed, division_stream, i).bits(), i);
  }
  Division division;
  for (auto& [label, samples] : classes) {
    std::sort(samples.begin(), samples.end());
    const std::size_t held = held_count(samples.size(), fraction);
    for (std::size_t s = 0; s < samples.size(); ++s)
      (s < held ? division.held_out : division.kept).push_back(samples[s].second);
  }
  std::sort(division.kept.begin(), division.kept.end());
  std::sort(division.held_out.begin(), division.held_out.end());
  return division;
}

}  // namespace d2nn::datasets
