// Random numbers that are functions of a key and a counter, with no state: sample 17 is the same whether or not sample
// 16 was drawn, and on whichever thread. Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy
// as 1, 2, 3", 2011).
#pragma once

#include <array>
#include <cstdint>

namespace d2nn::datasets {

/// Four 32-bit words for one counter and key; every bit of both matters.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// Draws in sequence for one sample: the stream is fixed by (seed, stream, index).
class CounterRandom {
 public:
  CounterRandom(std::uint64_t seed, std::uint32_t stream, std::uint64_t index)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        counter_{0, stream, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32)} {}

  std::uint32_t bits();
  /// In [0, 1).
  float unit() { return static_cast<float>(bits() >> 8) * 0x1p-24f; }
  /// In [low, high).
  float between(float low, float high) { return low + (high - low) * unit(); }
  /// In 0 .. count-1; count >= 1.
  std::uint32_t below(std::uint32_t count) { return static_cast<std::uint32_t>((std::uint64_t{bits()} * count) >> 32); }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> words_ = {};
  unsigned left_ = 0;
};

}  // namespace d2nn::datasets
