// Counter-based random numbers: every draw is a pure function of (seed, step, item, site), so the order in which nodes,
// rows or threads run never matters and a resumed run needs no generator state (docs/training.md, "Determinism").
//
// The function is Philox4x32 with 10 rounds: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011. The unit test holds it to the authors' known answers.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace d2nn::train {

/// What a number is drawn for. Numbers are part of the meaning of a seed: never reused, never renumbered.
enum class Purpose : std::uint32_t {
  initial_weights = 1,  // item: index in the tensor, site: parameter
  order = 2,            // item: position, step: epoch, site: class
  bag_positives = 3,    // item: position, step: epoch
  action = 4,           // item: sample, site: control node
  decision = 5,         // item: sample, site: output
  holdout = 6,          // item: position, site: class
};

/// 128 random bits for a counter and a key.
inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = 0xD2511F53ULL * counter[0];
    const std::uint64_t second = 0xCD9E8D57ULL * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(first)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

/// One draw. step < 2^32 and site < 2^24 make it unique.
class Draw {
 public:
  Draw(std::uint64_t seed, Purpose purpose, std::uint32_t site, std::uint64_t step, std::uint64_t item)
      : words_(philox({static_cast<std::uint32_t>(item), static_cast<std::uint32_t>(item >> 32),
                       static_cast<std::uint32_t>(step), (static_cast<std::uint32_t>(purpose) << 24) | site},
                      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)})) {}

  /// Uniform in [0, 1), 53 bits.
  double uniform() const { return static_cast<double>(bits(0) >> 11) * 0x1.0p-53; }
  /// Normal with mean 0 and deviation 1 (Box and Muller); not independent of the other draws of the same object.
  double normal() const {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    const double turn = static_cast<double>(bits(2) >> 11) * 0x1.0p-53;
    return radius * std::cos(2.0 * std::numbers::pi * turn);
  }
  /// Uniform in 0 .. count-1, independent of uniform(). count > 0.
  std::uint32_t below(std::uint32_t count) const {
    const std::uint64_t low_product = std::uint64_t{words_[3]} * count;  // the high half of 64 bits times 32
    return static_cast<std::uint32_t>((std::uint64_t{words_[2]} * count + (low_product >> 32)) >> 32);
  }

 private:
  std::uint64_t bits(std::size_t word) const {
    return (static_cast<std::uint64_t>(words_[word]) << 32) | words_[word + 1];
  }
  std::array<std::uint32_t, 4> words_;
};

/// Shuffles `items` by the draws of (purpose, site, step): Fisher-Yates, the same for the same arguments.
template <class T>
void shuffle(std::vector<T>& items, std::uint64_t seed, Purpose purpose, std::uint32_t site, std::uint64_t step) {
  for (std::size_t i = items.size(); i > 1; --i) {
    const std::size_t j = Draw(seed, purpose, site, step, i).below(static_cast<std::uint32_t>(i));
    std::swap(items[i - 1], items[j]);
  }
}

}  // namespace d2nn::train
