// Settings of the seeded loops: D2NN_FUZZ_SEED, D2NN_FUZZ_ROUNDS.
#pragma once

#include <cstdint>
#include <cstdlib>

inline std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}
