#include "io/image.h"

#include <doctest/doctest.h>

#include <array>
#include <random>

#include "io/image_kinds.h"
#include "io/orientation.h"
#include "unit/io/picture_files.h"
#include "unit/io/temp_folder.h"

using d2nn::io::Colour;
using d2nn::io::decode_image;
using d2nn::io::Image;
using namespace d2nn::testing;

namespace {

auto decode(const std::string& file, Colour colour) {
  return decode_image({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()}, "a.img", colour);
}

std::string error_of(const std::string& file) {
  const auto image = decode(file, Colour::rgb);
  return image.ok() ? "no error" : image.status().message();
}

using Bytes = std::vector<std::uint8_t>;

}  // namespace

TEST_CASE("RGB becomes planes, and grey follows the stated rules in both directions") {
  const std::string colour = png_file(2, 1, 2, 8, {10, 20, 30, 200, 100, 50});
  CHECK(decode(colour, Colour::rgb)->bytes == Bytes{10, 200, 20, 100, 30, 50});
  CHECK(decode(colour, Colour::as_stored)->channels == 3);
  const auto luma = [](unsigned r, unsigned g, unsigned b) {
    return static_cast<std::uint8_t>((19595 * r + 38470 * g + 7471 * b + 32768) / 65536);
  };
  CHECK(decode(colour, Colour::grey)->bytes == Bytes{luma(10, 20, 30), luma(200, 100, 50)});
  const std::string grey = png_file(2, 1, 0, 8, {7, 9});
  CHECK(decode(grey, Colour::rgb)->bytes == Bytes{7, 9, 7, 9, 7, 9});
  CHECK(decode(grey, Colour::as_stored)->bytes == Bytes{7, 9});
}

TEST_CASE("PNG of 1 and 16 bits, palettes and opaque alpha are expanded") {
  CHECK(decode(png_file(8, 1, 0, 1, {0b10100001}), Colour::grey)->bytes == Bytes{255, 0, 255, 0, 0, 0, 0, 255});
  CHECK(decode(png_file(2, 1, 0, 16, {0xff, 0xff, 0x80, 0x00}), Colour::grey)->bytes == Bytes{255, 128});
  CHECK(decode(png_file(2, 1, 3, 8, {1, 3}), Colour::rgb)->bytes == Bytes{255, 0, 0, 0, 0, 255});
  CHECK(decode(png_file(1, 1, 6, 8, {1, 2, 3, 255}), Colour::rgb)->bytes == Bytes{1, 2, 3});
  CHECK(decode(png_file(2, 1, 4, 8, {5, 255, 6, 255}), Colour::grey)->bytes == Bytes{5, 6});
}

TEST_CASE("a JPEG of one colour decodes to that colour") {
  const auto image = decode(jpeg_file(16, 8, 3, flat_pixels(16, 8, 200, 100, 50)), Colour::rgb);
  REQUIRE(image.ok());
  CHECK(image->height == 8);
  CHECK(image->width == 16);
  const std::array<int, 3> wanted = {200, 100, 50};
  for (std::size_t i = 0; i < image->bytes.size(); ++i) CHECK(std::abs(image->bytes[i] - wanted[i / 128]) <= 2);
  const auto grey = decode(jpeg_file(8, 8, 1, Bytes(64, 77)), Colour::rgb);
  REQUIRE(grey.ok());
  CHECK(grey->bytes == Bytes(192, 77));
}

TEST_CASE("images that are damaged, of another kind or too large are refused by name") {
  struct Case {
    std::string file, words;
  };
  const std::string jpeg = jpeg_file(32, 32, 3, flat_pixels(32, 32, 9, 90, 200));
  const std::string png = png_file(32, 32, 2, 8, flat_pixels(32, 32, 9, 90, 200));
  std::string huge = png, flipped = png, wide_jpeg = jpeg;
  huge[16] = 0x7f;  // width of 2 thousand million; the checksum no longer fits either
  flipped[60] ^= 0x10;
  const std::size_t frame = wide_jpeg.find("\xff\xc0");
  REQUIRE(frame != std::string::npos);
  wide_jpeg[frame + 5] = wide_jpeg[frame + 7] = static_cast<char>(0xf0);  // the high bytes of height and width
  const Case cases[] = {
      {"", "is empty"},
      {"any text", "is neither JPEG nor PNG"},
      {std::string("RIFF\x10\0\0\0WEBPVP8 ", 16), "is a WebP image; JPEG and PNG are read: convert it"},
      {"GIF89a", "is a GIF image; JPEG and PNG are read: convert it"},
      {"BM\x36", "is a BMP image; JPEG and PNG are read: convert it"},
      {std::string("II*\0\x08", 5), "is a TIFF image; JPEG and PNG are read: convert it"},
      {std::string("MM\0*\0", 5), "is a TIFF image; JPEG and PNG are read: convert it"},
      {std::string("\0\0\0\x18"
                   "ftypheic\0\0\0\0",
                   16),
       "is a HEIC image; JPEG and PNG are read: convert it"},
      {std::string("\0\0\0\x1c"
                   "ftypavif\0\0\0\0",
                   16),
       "is an AVIF image; JPEG and PNG are read: convert it"},
      {"version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS to it: fetch the files"},
      {"\n <!DOCTYPE HTML><p>not found", "is a web page, neither JPEG nor PNG: its download failed"},
      {jpeg.substr(0, 100), "is a damaged JPEG"},
      {jpeg.substr(0, jpeg.size() - 40), "is a damaged JPEG"},
      {wide_jpeg, "61472 x 61472 pixels; at most"},
      {jpeg_file(8, 8, 4, Bytes(256, 9)), "is a CMYK JPEG; convert it to RGB"},
      {png.substr(0, png.size() - 20), "is a damaged PNG"},
      {flipped, "is a damaged PNG"},
      {huge, "is a damaged PNG"},
      {png_file(20000, 1, 0, 8, Bytes(20000)), "20000 x 1 pixels; at most 16384 a side"},
      {png_file(1, 1, 6, 8, {1, 2, 3, 254}), "transparent pixels"},
  };
  for (const Case& item : cases) {
    const std::string message = error_of(item.file);
    CHECK_MESSAGE(message.find(item.words) != std::string::npos, message);
    CHECK(message.find("`a.img`") == 0);
  }
}

TEST_CASE("cut and bit-flipped images give an image or an error, never a crash") {
  std::mt19937 random(7);
  Bytes noise(3 * 24 * 24);
  for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
  for (const std::string& good : {jpeg_file(24, 24, 3, noise), png_file(24, 24, 2, 8, noise)}) {
    std::size_t refused = 0;
    for (int i = 0; i < 1500; ++i) {
      std::string bad = good;
      for (unsigned flips = random() % 4 + 1; flips > 0; --flips)
        bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
      if (i % 3 == 0) bad.resize(random() % bad.size());
      const auto image = decode(bad, Colour::rgb);
      if (!image.ok()) ++refused;
      if (image.ok()) CHECK(image->bytes.size() == static_cast<std::size_t>(3 * image->height * image->width));
    }
    CHECK(refused > 500);  // at least every cut
  }
}

TEST_CASE("resizing keeps flat images flat and averages on reduction") {
  const Image flat{1, 7, 5, Bytes(35, 99)};
  for (const auto& [h, w] : {std::pair{3, 2}, {14, 11}, {1, 1}}) {
    const Image out = d2nn::io::resize_image(flat, h, w);
    CHECK(out.bytes == Bytes(static_cast<std::size_t>(h * w), 99));
  }
  // A checkerboard of single pixels becomes grey, not one of its two colours.
  Image board{1, 64, 64, Bytes(4096)};
  for (std::size_t i = 0; i < 4096; ++i) board.bytes[i] = (i / 64 + i) % 2 ? 255 : 0;
  for (const std::uint8_t byte : d2nn::io::resize_image(board, 16, 16).bytes) CHECK(std::abs(byte - 128) <= 2);
  // Doubling a step: half-pixel centres, weights 3/4 and 1/4.
  CHECK(d2nn::io::resize_image({1, 1, 2, {0, 100}}, 1, 4).bytes == Bytes{0, 25, 75, 100});
}

TEST_CASE("the value of a pixel is its byte divided by 255") {
  Bytes bytes(256);
  for (std::size_t i = 0; i < 256; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  std::array<float, 256> values{};
  d2nn::io::bytes_to_floats(bytes, values.data());
  for (std::size_t i = 0; i < 256; ++i) CHECK(values[i] == static_cast<float>(i) / 255.0f);
}

TEST_CASE("an image of another size is an error unless it may be resized") {
  const TempFolder folder;
  const std::string path = folder.write("a.png", png_file(4, 2, 2, 8, flat_pixels(4, 2, 255, 0, 51)));
  std::array<float, 12> out{};
  const std::array<std::int64_t, 3> shape = {3, 2, 2};
  CHECK(d2nn::io::read_image_sample(path, shape, false, out.data())
            .message()
            .find("is 4 x 2 pixels; 2 x 2 are needed (or `--resize`)") != std::string::npos);
  REQUIRE(d2nn::io::read_image_sample(path, shape, true, out.data()).ok());
  CHECK(out == std::array<float, 12>{1, 1, 1, 1, 0, 0, 0, 0, 0.2f, 0.2f, 0.2f, 0.2f});
  const std::array<std::int64_t, 1> flat = {12};
  CHECK_FALSE(d2nn::io::read_image_sample(path, flat, true, out.data()).ok());
  CHECK(d2nn::io::read_image_sample(folder.path("none.png"), shape, true, out.data()).code() == D2NN_IO_ERROR);
}

TEST_CASE("image names are told by their ending in any case") {
  CHECK(d2nn::io::is_image_name("a/b.JPG"));
  CHECK(d2nn::io::is_image_name("x.jpeg"));
  CHECK(d2nn::io::is_image_name("x.Png"));
  CHECK(d2nn::io::is_image_name("x.JFIF"));
  CHECK_FALSE(d2nn::io::is_image_name("x.webp"));
  CHECK(d2nn::io::is_other_image_name("x.WebP"));
  CHECK(d2nn::io::is_other_image_name("a.b/x.heic"));
  CHECK_FALSE(d2nn::io::is_other_image_name("x.npy"));
  CHECK_FALSE(d2nn::io::is_image_name("x.csv"));
  CHECK_FALSE(d2nn::io::is_image_name("png"));
}

TEST_CASE("a file is an image by its name or by its first bytes") {
  const TempFolder folder;
  CHECK(d2nn::io::is_image_file(folder.path("none.png")));
  CHECK(d2nn::io::is_image_file(folder.write("a", jpeg_file(8, 8, 1, Bytes(64, 77)))));
  CHECK(d2nn::io::is_image_file(folder.write("b.dat", "GIF89a")));
  CHECK_FALSE(d2nn::io::is_image_file(folder.write("x.npy", "\x93NUMPY\x01")));
  CHECK_FALSE(d2nn::io::is_image_file(folder.write("empty", "")));
  CHECK_FALSE(d2nn::io::is_image_file(folder.path("none.npy")));
}

TEST_CASE("all eight orientations of EXIF are turned upright, in PNG") {
  const std::string png = png_file(3, 2, 0, 8, {1, 2, 3, 4, 5, 6});
  struct Case {
    int orientation;
    std::int64_t height, width;
    Bytes pixels;
  };
  const Case cases[] = {
      {1, 2, 3, {1, 2, 3, 4, 5, 6}}, {2, 2, 3, {3, 2, 1, 6, 5, 4}}, {3, 2, 3, {6, 5, 4, 3, 2, 1}},
      {4, 2, 3, {4, 5, 6, 1, 2, 3}}, {5, 3, 2, {1, 4, 2, 5, 3, 6}}, {6, 3, 2, {4, 1, 5, 2, 6, 3}},
      {7, 3, 2, {6, 3, 5, 2, 4, 1}}, {8, 3, 2, {3, 6, 2, 5, 1, 4}}, {9, 2, 3, {1, 2, 3, 4, 5, 6}},
      {0, 2, 3, {1, 2, 3, 4, 5, 6}},
  };
  for (const Case& item : cases) {
    for (const bool is_behind : {false, true}) {
      CAPTURE(item.orientation);
      const auto image = decode(png_with_exif(png, exif_block(item.orientation, is_behind), is_behind), Colour::grey);
      REQUIRE_MESSAGE(image.ok(), image.status().message());
      CHECK(image->height == item.height);
      CHECK(image->width == item.width);
      CHECK(image->bytes == item.pixels);
    }
  }
  const std::string colours = png_file(2, 1, 2, 8, {10, 20, 30, 200, 100, 50});
  CHECK(decode(png_with_exif(colours, exif_block(2)), Colour::rgb)->bytes == Bytes{200, 10, 100, 20, 50, 30});
}

TEST_CASE("a photograph that a JPEG stores lying on its side stands upright, in both byte orders") {
  Bytes stored(16 * 8);  // the left half dark, the right half light
  for (std::size_t i = 0; i < stored.size(); ++i) stored[i] = i % 16 < 8 ? 40 : 200;
  const std::string jpeg = jpeg_file(16, 8, 1, stored);
  for (const bool is_big_endian : {false, true}) {
    const auto image = decode(jpeg_with_exif(jpeg, exif_block(6, is_big_endian)), Colour::grey);
    REQUIRE_MESSAGE(image.ok(), image.status().message());
    CHECK(image->height == 16);
    CHECK(image->width == 8);
    for (std::size_t i = 0; i < image->bytes.size(); ++i) CHECK(std::abs(image->bytes[i] - (i < 64 ? 40 : 200)) <= 2);
  }
  // Other data in APP1, as XMP, stands before and behind and is passed over.
  const std::string xmp = "http://ns.adobe.com/xap/1.0/";
  const std::string marker = std::string("\xff\xe1\0", 3) + static_cast<char>(xmp.size() + 2) + xmp;
  const std::string with_xmp = jpeg.substr(0, 2) + marker + jpeg_with_exif(jpeg, exif_block(8)).substr(2);
  const auto image = decode(with_xmp, Colour::grey);
  REQUIRE(image.ok());
  CHECK(image->height == 16);
  CHECK(std::abs(image->bytes[0] - 200) <= 2);
}

TEST_CASE("an EXIF block that is cut, lies about its places or is of other types means upright") {
  const auto orientation = [](const std::string& block) {
    return d2nn::io::exif_orientation({reinterpret_cast<const std::uint8_t*>(block.data()), block.size()});
  };
  for (const bool is_big_endian : {false, true}) {
    const std::string good = exif_block(6, is_big_endian);
    CHECK(orientation(good) == 6);
    CHECK(orientation(std::string("Exif\0\0", 6) + good) == 6);
    constexpr std::size_t value_end = 8 + 2 + 12 + 10;
    for (std::size_t length = 0; length < good.size(); ++length) {
      CAPTURE(length);
      CHECK(orientation(good.substr(0, length)) == (length < value_end ? 1 : 6));
    }
    std::mt19937 random(3);
    for (int i = 0; i < 20000; ++i) {
      std::string bad = good;
      for (int changes = 0; changes < 3; ++changes) bad[random() % bad.size()] = static_cast<char>(random());
      const int found = orientation(bad);
      CHECK((found >= 1 && found <= 8));
    }
  }
  std::string far = exif_block(6);
  far.replace(4, 4, "\xff\xff\xff\xff");
  CHECK(orientation(far) == 1);
  std::string many = exif_block(6).replace(8, 2, "\xff\xff");
  CHECK(orientation(many) == 6);
  std::string text = exif_block(6);
  text[8 + 2 + 12 + 2] = 2;  // ASCII
  CHECK(orientation(text) == 1);
}
