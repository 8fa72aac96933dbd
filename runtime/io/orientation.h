// The orientation tag of EXIF: cameras store pixels as the sensor saw them and say beside them which way is up.
#pragma once

#include <cstdint>
#include <span>

#include "io/image.h"

namespace d2nn::io {

/// The tag in an EXIF block (a TIFF header and its directories, perhaps after "Exif\0\0"): 1 to 8 as the EXIF
/// specification numbers them. 1, upright, when there is none or the block is damaged; never reads outside of it.
int exif_orientation(std::span<const std::uint8_t> block);

/// Turns interleaved pixels [height, width, channels] upright; `orientation` is 1 to 8.
void turn_upright(Image& image, int orientation);

}  // namespace d2nn::io
