// The seeded loop beside weights_fuzz.cpp: good files, damaged in every build the same way.
#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <random>
#include <string>

#include "fuzz/weights_once.h"
#include "weights/safetensors.h"

namespace {

bool accepted(const std::string& file) {
  return d2nn::fuzz::weights_once(std::as_bytes(std::span(file)));
}

std::string good_file() {
  static constexpr std::array<float, 4> values = {1, 2, 3, 4};
  const std::array<d2nn::weights::TensorView, 4> tensors = {
      {{"a", {2}, std::span(values).first(2)},
       {"b", {2, 1}, std::span(values).last(2)},
       {"state.m", {4}, values},
       {"b.num_batches_tracked", {}, std::span(values).first(1)}}};
  return *d2nn::weights::encode(tensors, {{"step", "3"}});
}

// The header's text changed, its length set right again: damage that the first check does not see.
std::string with_header(const std::string& file, const std::string& header) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  const std::uint64_t now = header.size();
  return std::string(reinterpret_cast<const char*>(&now), 8) + header +
         file.substr(8 + static_cast<std::size_t>(length));
}

}  // namespace

TEST_CASE("damaged weight files are read or refused, never a crash (seeds 1 to 20000)") {
  const std::string good = good_file();
  REQUIRE(accepted(good));
  std::uint64_t length = 0;
  std::memcpy(&length, good.data(), 8);
  const std::string header = good.substr(8, static_cast<std::size_t>(length));
  const std::string pieces = "{}[],:\"-0123456789.eEF32I64abshape ";
  std::size_t refused = 0;
  for (unsigned seed = 1; seed <= 20000; ++seed) {
    std::mt19937 random(seed);
    std::string bad = seed % 2 == 0 ? good : header;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      const std::size_t at = random() % bad.size();
      switch (random() % 5) {
        case 0:
          bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
          break;
        case 1:
          bad.insert(at, 1, pieces[random() % pieces.size()]);
          break;
        case 2:
          bad[at] = pieces[random() % pieces.size()];
          break;
        case 3:
          bad.erase(at, 1 + random() % 8);
          break;
        default:
          bad.insert(at, bad.substr(random() % bad.size(), 1 + random() % 40));
          break;
      }
      if (bad.empty()) bad = "{";
    }
    CAPTURE(seed);
    refused += !accepted(seed % 2 == 0 ? bad : with_header(good, bad));
  }
  CHECK(refused > 10000);
  CHECK(refused < 20000);  // some damage is in values, in spaces or in metadata
}
