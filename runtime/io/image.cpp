// From a file's bytes to [C, H, W] in the wanted colours.
#include "io/image.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "io/image_decoders.h"
#include "io/image_kinds.h"
#include "io/input_file.h"
#include "io/npy.h"
#include "io/orientation.h"

namespace d2nn::io {
namespace {

// No photograph in a file comes near; a larger file is not an image for a network.
constexpr std::uint64_t greatest_file = std::uint64_t{256} << 20;

bool begins_with(std::span<const std::uint8_t> file, std::string_view mark) {
  return file.size() >= mark.size() && std::memcmp(file.data(), mark.data(), mark.size()) == 0;
}

// [H, W, C] of the file to [C, H, W] of the wanted channels.
std::vector<std::uint8_t> arrange(const Image& image, std::int64_t wanted) {
  const auto pixels = static_cast<std::size_t>(image.height * image.width);
  const auto channels = static_cast<std::size_t>(image.channels);
  std::vector<std::uint8_t> out(pixels * static_cast<std::size_t>(wanted));
  const std::uint8_t* in = image.bytes.data();
  if (channels == 3 && wanted == 1) {
    for (std::size_t p = 0; p < pixels; ++p, in += 3) {
      out[p] = static_cast<std::uint8_t>((in[0] * 19595u + in[1] * 38470u + in[2] * 7471u + 32768u) >> 16);
    }
    return out;
  }
  for (std::size_t c = 0; c < static_cast<std::size_t>(wanted); ++c) {
    const std::size_t from = channels == 1 ? 0 : c;
    for (std::size_t p = 0; p < pixels; ++p) out[c * pixels + p] = in[p * channels + from];
  }
  return out;
}

constexpr std::array<float, 256> make_levels() {
  std::array<float, 256> levels = {};
  for (std::size_t byte = 0; byte < 256; ++byte) levels[byte] = static_cast<float>(byte) / 255.0f;
  return levels;
}

}  // namespace

std::string check_image_size(std::uint64_t width, std::uint64_t height) {
  if (width >= 1 && height >= 1 && width <= greatest_side && height <= greatest_side &&
      width * height <= greatest_pixels)
    return {};
  return "is an image of " + std::to_string(width) + " x " + std::to_string(height) + " pixels; at most " +
         std::to_string(greatest_side) + " a side and " + std::to_string(greatest_pixels) + " in all are read";
}

Result<Image> decode_image(std::span<const std::uint8_t> file, const std::string& name, Colour colour) {
  Image image;
  int orientation = 1;
  std::string words;
  if (begins_with(file, "\xff\xd8\xff")) {
    words = decode_jpeg(file, image, orientation);
  } else if (begins_with(file, "\x89PNG\r\n\x1a\n")) {
    words = decode_png(file, image, orientation);
  } else {
    words = describe_other_kind(file);
  }
  if (!words.empty()) return Status(D2NN_INVALID_ARGUMENT, "`" + name + "` " + words);
  turn_upright(image, orientation);
  const std::int64_t channels = colour == Colour::as_stored ? image.channels : colour == Colour::grey ? 1 : 3;
  image.bytes = arrange(image, channels);
  image.channels = channels;
  return image;
}

Result<Image> read_image(const std::string& path, Colour colour) {
  auto file = read_file(path, greatest_file);
  if (!file.ok()) return file.status();
  return decode_image(*file, path, colour);
}

void bytes_to_floats(std::span<const std::uint8_t> bytes, float* out) {
  static constexpr std::array<float, 256> levels = make_levels();
  std::transform(bytes.begin(), bytes.end(), out, [](std::uint8_t byte) { return levels[byte]; });
}

Status read_image_sample(const std::string& path, std::span<const std::int64_t> shape, bool resize, float* out) {
  if (shape.size() != 3 || (shape[0] != 1 && shape[0] != 3) || shape[1] < 1 || shape[2] < 1) {
    return Status(D2NN_INVALID_ARGUMENT, "`" + path + "` is an image; it cannot be given to an input of shape " +
                                             shape_text(shape) + ", [1 or 3, height, width] is needed");
  }
  auto image = read_image(path, shape[0] == 1 ? Colour::grey : Colour::rgb);
  if (!image.ok()) return image.status();
  if (image->height != shape[1] || image->width != shape[2]) {
    if (!resize) {
      return Status(D2NN_INVALID_ARGUMENT, "`" + path + "` is " + std::to_string(image->width) + " x " +
                                               std::to_string(image->height) + " pixels; " + std::to_string(shape[2]) +
                                               " x " + std::to_string(shape[1]) + " are needed (or `--resize`)");
    }
    image = resize_image(*image, shape[1], shape[2]);
  }
  bytes_to_floats(image->bytes, out);
  return {};
}

}  // namespace d2nn::io
