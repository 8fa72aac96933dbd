// One input of the image fuzzers: any bytes as a picture, and as an EXIF block.
#pragma once

#include <cstdint>
#include <span>

namespace d2nn::fuzz {

/// Decodes the bytes and reads an orientation from them. Aborts where a promise of io/image.h or io/orientation.h is
/// broken: pixels that do not fill the image, a failure without a sentence, an orientation outside of 1 to 8. Returns
/// whether they were a picture.
bool images_once(std::span<const std::uint8_t> bytes);

}  // namespace d2nn::fuzz
