// libpng, with the same rule as for JPEG: functions that a longjmp may leave own nothing with a destructor.
#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include "io/image_decoders.h"
#include "io/orientation.h"

namespace d2nn::io {
namespace {

class PngDecoder {
 public:
  explicit PngDecoder(std::span<const std::uint8_t> file) : file_(file) {}
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  const char* message() const { return message_; }
  std::uint32_t width() const { return png_get_image_width(png_, info_); }
  std::uint32_t height() const { return png_get_image_height(png_, info_); }
  /// Once the header is read: 1 to 4, alpha included.
  int channels() const { return png_get_channels(png_, info_); }

  /// Once the pixels are read.
  int orientation() {
    png_uint_32 size = 0;
    png_bytep bytes = nullptr;
    if (png_get_eXIf_1(png_, info_, &size, &bytes) == 0 || bytes == nullptr) return 1;
    return exif_orientation({bytes, size});
  }

  bool read_header() {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) return false;
    if (setjmp(mark_) != 0) return false;
    png_set_read_fn(png_, this, on_read);
    png_set_user_limits(png_, 0x7fffffff, 0x7fffffff);  // sizes are checked by check_image_size, with a better sentence
    png_set_chunk_malloc_max(png_, 8 << 20);
    png_set_chunk_cache_max(png_, 64);
    png_read_info(png_, info_);
    png_set_expand(png_);  // palettes and few bits to 8, transparency chunks to alpha
    png_set_scale_16(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  bool read_pixels(png_bytep* rows) {
    if (setjmp(mark_) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, info_);  // EXIF may stand behind the pixels
    return true;
  }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto* decoder = static_cast<PngDecoder*>(png_get_error_ptr(png));
    std::snprintf(decoder->message_, sizeof(decoder->message_), "%s", message);
    std::longjmp(decoder->mark_, 1);
  }
  static void on_read(png_structp png, png_bytep out, std::size_t size) {
    auto* decoder = static_cast<PngDecoder*>(png_get_io_ptr(png));
    if (size > decoder->file_.size() - decoder->at_) png_error(png, "the file ends early");
    std::memcpy(out, decoder->file_.data() + decoder->at_, size);
    decoder->at_ += size;
  }

  std::span<const std::uint8_t> file_;
  std::size_t at_ = 0;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf mark_;
  char message_[200] = "out of memory";
};

// Drops an alpha channel that says nothing; false when a pixel is not opaque.
bool drop_opaque_alpha(std::vector<std::uint8_t>& bytes, std::size_t channels) {
  const std::size_t colours = channels - 1;
  std::size_t out = 0;
  for (std::size_t in = 0; in < bytes.size(); in += channels) {
    if (bytes[in + colours] != 255) return false;
    for (std::size_t c = 0; c < colours; ++c) bytes[out++] = bytes[in + c];
  }
  bytes.resize(out);
  return true;
}

}  // namespace

std::string decode_png(std::span<const std::uint8_t> file, Image& image, int& orientation) {
  PngDecoder decoder(file);
  if (!decoder.read_header()) return std::string("is a damaged PNG: ") + decoder.message();
  if (std::string words = check_image_size(decoder.width(), decoder.height()); !words.empty()) return words;
  const auto channels = static_cast<std::size_t>(decoder.channels());
  image.width = decoder.width();
  image.height = decoder.height();
  const std::size_t row_bytes = static_cast<std::size_t>(image.width) * channels;
  image.bytes.resize(row_bytes * static_cast<std::size_t>(image.height));
  std::vector<png_bytep> rows(static_cast<std::size_t>(image.height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = image.bytes.data() + y * row_bytes;
  if (!decoder.read_pixels(rows.data())) return std::string("is a damaged PNG: ") + decoder.message();
  orientation = decoder.orientation();
  const bool has_alpha = channels == 2 || channels == 4;
  if (has_alpha && !drop_opaque_alpha(image.bytes, channels))
    return "is a PNG with transparent pixels; flatten it onto a background";
  image.channels = static_cast<std::int64_t>(has_alpha ? channels - 1 : channels);
  return {};
}

}  // namespace d2nn::io
