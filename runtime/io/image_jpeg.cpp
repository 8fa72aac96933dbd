// libjpeg reports errors by a call that must not return; a longjmp leads back. The functions that set the mark own
// nothing with a destructor, so that the jump skips none.
#include <algorithm>
#include <csetjmp>
// clang-format off: jpeglib.h uses FILE and size_t without including them, jerror.h needs jpeglib.h
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <string_view>

#include "io/image_decoders.h"
#include "io/orientation.h"

namespace d2nn::io {
namespace {

// A progressive file may hold thousands of tiny scans, each of which costs a pass over the whole image.
constexpr int greatest_scans = 200;
// EXIF stands in a marker of this kind that begins so; XMP stands in others.
constexpr int exif_marker = JPEG_APP0 + 1;
constexpr std::string_view exif_mark("Exif\0\0", 6);

class JpegDecoder {
 public:
  explicit JpegDecoder(std::span<const std::uint8_t> file) : file_(file) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = [](j_common_ptr info) { self(info).leave(info); };
    errors_.emit_message = [](j_common_ptr info, int level) { self(info).note(info, level); };
    errors_.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = [](j_common_ptr info) { self(info).check_scans(info); };
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  const char* message() const { return message_; }
  bool warned() const { return warned_; }
  std::uint32_t width() const { return info_.image_width; }
  std::uint32_t height() const { return info_.image_height; }
  int components() const { return info_.num_components; }

  /// Once the header is read.
  int orientation() const {
    for (jpeg_saved_marker_ptr marker = info_.marker_list; marker != nullptr; marker = marker->next) {
      const std::span<const std::uint8_t> bytes(marker->data, marker->data_length);
      if (marker->marker != exif_marker || bytes.size() < exif_mark.size()) continue;
      if (std::equal(exif_mark.begin(), exif_mark.end(), bytes.begin())) return exif_orientation(bytes);
    }
    return 1;
  }

  bool read_header() {
    if (setjmp(mark_) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_mem_src(&info_, file_.data(), static_cast<unsigned long>(file_.size()));
    jpeg_save_markers(&info_, exif_marker, 0xffff);
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  // out: [height, width, channels].
  bool read_pixels(std::uint8_t* out, int channels) {
    if (setjmp(mark_) != 0) return false;
    info_.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row =
          out + static_cast<std::size_t>(info_.output_scanline) * info_.output_width * static_cast<unsigned>(channels);
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

 private:
  static JpegDecoder& self(j_common_ptr info) { return *static_cast<JpegDecoder*>(info->client_data); }

  [[noreturn]] void leave(j_common_ptr info) {
    (*info->err->format_message)(info, message_);
    std::longjmp(mark_, 1);
  }
  // A warning means damaged data that libjpeg would fill in with grey; only bytes between markers are harmless.
  void note(j_common_ptr info, int level) {
    if (level >= 0 || info->err->msg_code == JWRN_EXTRANEOUS_DATA) return;
    if (!warned_) (*info->err->format_message)(info, message_);
    warned_ = true;
  }
  void check_scans(j_common_ptr info) {
    if (!info->is_decompressor || reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= greatest_scans) return;
    std::snprintf(message_, sizeof(message_), "more than %d scans", greatest_scans);
    std::longjmp(mark_, 1);
  }

  std::span<const std::uint8_t> file_;
  jpeg_decompress_struct info_ = {};
  jpeg_error_mgr errors_ = {};
  jpeg_progress_mgr progress_ = {};
  std::jmp_buf mark_;
  char message_[JMSG_LENGTH_MAX] = "";
  bool warned_ = false;
};

}  // namespace

std::string decode_jpeg(std::span<const std::uint8_t> file, Image& image, int& orientation) {
  JpegDecoder decoder(file);
  if (!decoder.read_header()) return std::string("is a damaged JPEG: ") + decoder.message();
  if (decoder.components() == 4) return "is a CMYK JPEG; convert it to RGB";
  if (decoder.components() != 1 && decoder.components() != 3) {
    return "is a JPEG of " + std::to_string(decoder.components()) + " colour components; 1 or 3 are needed";
  }
  if (std::string words = check_image_size(decoder.width(), decoder.height()); !words.empty()) return words;
  orientation = decoder.orientation();
  image.channels = decoder.components();
  image.width = decoder.width();
  image.height = decoder.height();
  image.bytes.resize(static_cast<std::size_t>(image.channels * image.width * image.height));
  if (!decoder.read_pixels(image.bytes.data(), static_cast<int>(image.channels)) || decoder.warned()) {
    return std::string("is a damaged JPEG: ") + decoder.message();
  }
  return {};
}

}  // namespace d2nn::io
