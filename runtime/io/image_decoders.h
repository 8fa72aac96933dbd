// The two decoders behind image.h. Each gives the image in its own colours: grey or RGB bytes, pixels interleaved [H,
// W, C].
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/image.h"

namespace d2nn::io {

inline constexpr std::int64_t greatest_side = 16384;
inline constexpr std::int64_t greatest_pixels = std::int64_t{1} << 26;

/// Fills `image` with interleaved bytes as the file stores them and `orientation` with EXIF's tag (orientation.h);
/// returns what is wrong, in words that follow the file's name, or "".
std::string decode_jpeg(std::span<const std::uint8_t> file, Image& image, int& orientation);
std::string decode_png(std::span<const std::uint8_t> file, Image& image, int& orientation);
/// What is wrong with an image's size, or "".
std::string check_image_size(std::uint64_t width, std::uint64_t height);

}  // namespace d2nn::io
