// Only the first directory of the block is read: that of the image itself, the next one is of its thumbnail.
#include "io/orientation.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace d2nn::io {
namespace {

constexpr std::uint32_t orientation_tag = 0x0112;
constexpr std::uint32_t short_type = 3, long_type = 4;  // some writers use the longer one
constexpr std::size_t entry_bytes = 12;

/// Numbers of a TIFF block in its byte order. Outside of the block everything is 0, which is no tag and no type.
class TiffBlock {
 public:
  explicit TiffBlock(std::span<const std::uint8_t> bytes)
      : bytes_(bytes), is_big_endian_(!bytes.empty() && bytes[0] == 'M') {}

  std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes_[at + (is_big_endian_ ? i : size - 1 - i)];
    return value;
  }
  bool is_tiff() const {
    const std::uint32_t order = number(0, 2);
    return (order == 0x4949 || order == 0x4d4d) && number(2, 2) == 42;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool is_big_endian_;
};

}  // namespace

int exif_orientation(std::span<const std::uint8_t> block) {
  constexpr std::string_view prefix("Exif\0\0", 6);
  if (block.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), block.begin()))
    block = block.subspan(prefix.size());
  const TiffBlock tiff(block);
  if (!tiff.is_tiff()) return 1;
  const std::size_t directory = tiff.number(4, 4);
  if (directory < 8) return 1;                            // inside the header
  const std::size_t entries = tiff.number(directory, 2);  // at most 65535
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + i * entry_bytes;
    if (at >= block.size()) break;
    if (tiff.number(at, 2) != orientation_tag) continue;
    const std::uint32_t type = tiff.number(at + 2, 2);
    if ((type != short_type && type != long_type) || tiff.number(at + 4, 4) != 1) return 1;
    const std::uint32_t value = tiff.number(at + 8, type == short_type ? 2 : 4);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

void turn_upright(Image& image, int orientation) {
  if (orientation <= 1 || orientation > 8) return;
  const bool swaps = orientation >= 5;
  const bool flips_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool flips_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const std::int64_t height = swaps ? image.width : image.height;
  const std::int64_t width = swaps ? image.height : image.width;
  std::vector<std::uint8_t> upright(image.bytes.size());
  std::uint8_t* out = upright.data();
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const std::int64_t from_y = swaps ? x : y, from_x = swaps ? y : x;
      const std::int64_t row = flips_y ? image.height - 1 - from_y : from_y;
      const std::int64_t column = flips_x ? image.width - 1 - from_x : from_x;
      out = std::copy_n(image.bytes.data() + (row * image.width + column) * image.channels, image.channels, out);
    }
  }
  image.bytes = std::move(upright);
  image.height = height;
  image.width = width;
}

}  // namespace d2nn::io
