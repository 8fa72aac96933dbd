// Images as networks see them: bytes [C, H, W], grey or RGB; the value of a pixel is byte / 255. JPEG and PNG are told
// apart by their content, not their name.
//
// Rules. Grey to RGB repeats the byte. RGB to grey is the ITU-R 601 luma, (19595 R + 38470 G + 7471 B + 32768) / 65536
// rounded down. PNG palettes and 1, 2, 4 bits are expanded, 16 bits are scaled to 8. Refused with a sentence: CMYK
// JPEG, a PNG with pixels that are not opaque, images that end early or are damaged, and images of more than 16,384
// pixels a side or 2^26 in all. The orientation that EXIF tells (JPEG's APP1, PNG's eXIf) is applied, as every viewer
// does: height and width are those of the upright image. Gamma and colour profiles are ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "status/status.h"

namespace d2nn::io {

/// Bytes [channels, height, width]; channels is 1 (grey) or 3 (R, G, B).
struct Image {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::uint8_t> bytes;
};

/// What decode_image makes of the file's colours.
enum class Colour { as_stored, grey, rgb };

/// Decodes a JPEG or PNG held in memory. `name` stands in messages. D2NN_INVALID_ARGUMENT says what is wrong with it.
Result<Image> decode_image(std::span<const std::uint8_t> file, const std::string& name, Colour colour);
/// The same from a file; D2NN_IO_ERROR when it cannot be read.
Result<Image> read_image(const std::string& path, Colour colour);
/// Bilinear with half-pixel centres; on reduction the filter is widened, so that no pixel is left out (antialiased).
/// height, width >= 1.
Image resize_image(const Image& image, std::int64_t height, std::int64_t width);
/// out[i] = bytes[i] / 255, correctly rounded.
void bytes_to_floats(std::span<const std::uint8_t> bytes, float* out);
/// An image file as one sample for a network input of `shape`, [C, H, W] with C = 1 or 3, in out. Another size is an
/// error unless `resize` is set; D2NN_INVALID_ARGUMENT also when `shape` is no image.
Status read_image_sample(const std::string& path, std::span<const std::int64_t> shape, bool resize, float* out);

}  // namespace d2nn::io
