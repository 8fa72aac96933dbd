#include "fuzz/images_once.h"

#include <cstdlib>
#include <utility>

#include "io/image.h"
#include "io/orientation.h"

namespace d2nn::fuzz {
namespace {

/// Larger ones are decoded in one colour alone: a few bytes may claim 2^26 pixels.
constexpr std::int64_t small_pixels = 1 << 16;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_whole(const io::Image& image, std::int64_t channels) {
  return image.channels == channels && image.height >= 1 && image.width >= 1 &&
         image.bytes.size() == static_cast<std::size_t>(channels * image.height * image.width);
}

}  // namespace

bool images_once(std::span<const std::uint8_t> bytes) {
  const int orientation = io::exif_orientation(bytes);
  require(orientation >= 1 && orientation <= 8);
  const auto image = io::decode_image(bytes, "fuzz", io::Colour::as_stored);
  if (!image.ok()) {
    require(image.status().message().starts_with("`fuzz` "));
    return false;
  }
  require(image->channels == 1 || image->channels == 3);
  require(is_whole(*image, image->channels));
  if (image->height * image->width > small_pixels) return true;
  for (const auto& [colour, channels] : {std::pair{io::Colour::grey, 1}, {io::Colour::rgb, 3}}) {
    const auto again = io::decode_image(bytes, "fuzz", colour);
    require(again.ok() && is_whole(*again, channels) && again->height == image->height);
  }
  return true;
}

}  // namespace d2nn::fuzz
