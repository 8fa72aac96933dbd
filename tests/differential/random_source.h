// Random numbers that are the same everywhere: the standard's distributions are not.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace d2nn::differential {

class RandomSource {
 public:
  explicit RandomSource(std::uint64_t seed) : engine_(seed * 0x9E3779B97F4A7C15ull + 1) {}

  /// A whole number in [0, limit); limit at least 1.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(engine_() % limit); }
  /// A whole number in [least, greatest].
  std::int64_t between(std::int64_t least, std::int64_t greatest) {
    return least + static_cast<std::int64_t>(below(static_cast<std::size_t>(greatest - least + 1)));
  }
  bool one_in(std::size_t count) { return below(count) == 0; }
  /// In [-1, 1).
  double symmetric() { return static_cast<double>(engine_() >> 11) * 0x1.0p-52 - 1.0; }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace d2nn::differential
