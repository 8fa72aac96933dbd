#include "unit/io/picture_files.h"

// clang-format off: jpeglib.h uses FILE and size_t without including them
#include <cstdio>
#include <jpeglib.h>
// clang-format on
#include <archive.h>
#include <archive_entry.h>
#include <png.h>
#include <zlib.h>

#include <cstdlib>
#include <stdexcept>

namespace d2nn::testing {

std::string jpeg_file(int width, int height, int components, const std::vector<std::uint8_t>& pixels, int quality) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = components;
  info.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < height; ++y) {
    JSAMPROW row = const_cast<std::uint8_t*>(pixels.data()) + static_cast<std::size_t>(y * width * components);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string file(reinterpret_cast<char*>(memory), size);
  std::free(memory);
  return file;
}

std::string png_file(int width, int height, int colour_type, int bits, const std::vector<std::uint8_t>& rows) {
  std::string file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &file,
      [](png_structp p, png_bytep data, std::size_t size) {
        static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<char*>(data), size);
      },
      [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), bits, colour_type,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  const png_color palette[4] = {{0, 0, 0}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}};
  if (colour_type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 4);
  png_write_info(png, info);
  const std::size_t stride = rows.size() / static_cast<std::size_t>(height);
  for (int y = 0; y < height; ++y) png_write_row(png, rows.data() + static_cast<std::size_t>(y) * stride);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

std::string exif_block(int orientation, bool is_big_endian) {
  std::string block;
  const auto add = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) block += static_cast<char>(value >> (8 * (is_big_endian ? size - 1 - i : i)));
  };
  block = is_big_endian ? "MM" : "II";
  add(42, 2);
  add(8, 4);  // the directory follows the header
  add(2, 2);
  for (const auto& [tag, value] : {std::pair{0x0100u, 640u}, {0x0112u, static_cast<unsigned>(orientation)}}) {
    add(tag, 2);
    add(3, 2);  // SHORT
    add(1, 4);
    add(value, 2);
    add(0, 2);
  }
  add(0, 4);  // no further directory
  return block;
}

std::string jpeg_with_exif(const std::string& jpeg, const std::string& block) {
  const std::string content = std::string("Exif\0\0", 6) + block;
  const std::size_t length = content.size() + 2;
  return jpeg.substr(0, 2) + "\xff\xe1" + static_cast<char>(length >> 8) + static_cast<char>(length) + content +
         jpeg.substr(2);
}

std::string png_with_exif(const std::string& png, const std::string& block, bool is_behind) {
  const auto big_endian = [](std::size_t value) {
    return std::string{static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
                       static_cast<char>(value)};
  };
  const std::string named = "eXIf" + block;
  const std::string chunk =
      big_endian(block.size()) + named +
      big_endian(crc32(0, reinterpret_cast<const unsigned char*>(named.data()), static_cast<unsigned>(named.size())));
  constexpr std::size_t behind_header = 8 + 25, end_bytes = 12;
  return std::string(png).insert(is_behind ? png.size() - end_bytes : behind_header, chunk);
}

std::string tar_file(const std::vector<std::pair<std::string, std::string>>& members, bool is_gzip) {
  std::string file(64 << 20, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_ustar(writer);
  if (is_gzip) archive_write_add_filter_gzip(writer);
  if (archive_write_open_memory(writer, file.data(), file.size(), &used) != ARCHIVE_OK)
    throw std::runtime_error("no tar");
  for (const auto& [name, content] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry, name.ends_with('/') ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, name.ends_with('/') ? 0755 : 0644);
    archive_write_header(writer, entry);
    archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  file.resize(used);
  return file;
}

std::string pax_file(const std::string& name, const std::string& content) {
  // "LENGTH path=NAME\n", the length counting itself; names of tests need two digits.
  const std::string rest = " path=" + name + "\n";
  const std::string record = std::to_string(rest.size() + 2) + rest;
  const auto without_end = [](std::string file) {  // an archive ends in two empty blocks or more
    return file.substr(0, 512 + (file.substr(512).find_last_not_of('\0') / 512 + 1) * 512);
  };
  std::string extended = without_end(tar_file({{"extended", record}}));
  extended[156] = 'x';
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(extended[i]);
  std::snprintf(extended.data() + 148, 8, "%06o", sum);
  extended[155] = ' ';
  return extended + tar_file({{"ascii", content}});
}

void write_gz(const std::string& path, const std::string& content) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
}

std::vector<std::uint8_t> flat_pixels(int width, int height, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < width * height; ++i) pixels.insert(pixels.end(), {r, g, b});
  return pixels;
}

}  // namespace d2nn::testing
