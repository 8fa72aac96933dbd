// The seeded loop beside images_fuzz.cpp: pictures with EXIF, damaged in every build the same way; the block alone
// too, so that PNG's checksum fits and the damage reaches its reader.
#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "fuzz/images_once.h"
#include "unit/io/picture_files.h"

namespace {

using namespace d2nn::testing;

bool is_picture(const std::string& file) {
  return d2nn::fuzz::images_once({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
}

std::string damaged(std::string bytes, std::mt19937& random) {
  for (unsigned changes = 1 + random() % 4; changes > 0 && !bytes.empty(); --changes) {
    const std::size_t at = random() % bytes.size();
    switch (random() % 5) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
        break;
      case 1:
        bytes[at] = static_cast<char>(random() % 2 == 0 ? 0xff : 0);
        break;
      case 2:
        bytes.erase(at, 1 + random() % 8);
        break;
      case 3:
        bytes.insert(at, bytes.substr(random() % bytes.size(), 1 + random() % 40));
        break;
      default:
        bytes.resize(at);
        break;
    }
  }
  return bytes;
}

std::vector<std::uint8_t> noise(std::size_t size) {
  std::mt19937 random(5);
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

}  // namespace

TEST_CASE("damaged pictures with EXIF are decoded or refused, never a crash (seeds 1 to 2000)") {
  const std::string files[] = {jpeg_with_exif(jpeg_file(24, 16, 3, noise(24 * 16 * 3)), exif_block(6)),
                               png_with_exif(png_file(9, 5, 2, 8, noise(9 * 5 * 3)), exif_block(5, true)),
                               png_with_exif(png_file(16, 3, 3, 2, noise(4 * 3)), exif_block(8), true)};
  for (const std::string& good : files) {
    REQUIRE(is_picture(good));
    unsigned refused = 0;
    for (unsigned seed = 1; seed <= 2000; ++seed) {
      CAPTURE(seed);
      std::mt19937 random(seed);
      refused += is_picture(damaged(good, random)) ? 0 : 1;
    }
    CHECK(refused > 1000);
    CHECK(refused < 2000);
  }
}

TEST_CASE("damage in EXIF alone costs no picture (seeds 1 to 3000)") {
  const std::string jpeg = jpeg_file(24, 16, 1, noise(24 * 16)), png = png_file(9, 5, 0, 8, noise(9 * 5));
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const std::string block = damaged(exif_block(1 + seed % 8, seed % 2 == 0), random);
    CHECK(is_picture(jpeg_with_exif(jpeg, block)));
    CHECK(is_picture(png_with_exif(png, block, seed % 3 == 0)));
  }
}
