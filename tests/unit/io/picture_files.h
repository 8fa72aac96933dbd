// JPEG, PNG, tar and gzip files made in memory by the same libraries that other programs use.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace d2nn::testing {

/// Pixels interleaved, [height, width, components]; 1 grey, 3 RGB, 4 CMYK.
std::string jpeg_file(int width, int height, int components, const std::vector<std::uint8_t>& pixels, int quality = 95);
/// PNG colour type (0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGB + alpha) and bit depth; rows as PNG stores them (16
/// bits: big endian).
std::string png_file(int width, int height, int colour_type, int bits, const std::vector<std::uint8_t>& rows);
/// An EXIF block: a TIFF header and one directory with some tags, orientation among them.
std::string exif_block(int orientation, bool is_big_endian = false);
/// The file with an APP1 marker that holds "Exif\0\0" and the block.
std::string jpeg_with_exif(const std::string& jpeg, const std::string& block);
/// The file with an eXIf chunk before its pixels, or behind them.
std::string png_with_exif(const std::string& png, const std::string& block, bool is_behind = false);
/// A name that ends in '/' is a folder.
std::string tar_file(const std::vector<std::pair<std::string, std::string>>& members, bool is_gzip = false);
/// A pax archive of one file, as other programs write it for a name in UTF-8.
std::string pax_file(const std::string& name, const std::string& content);
void write_gz(const std::string& path, const std::string& content);
/// One flat colour, [height, width, 3].
std::vector<std::uint8_t> flat_pixels(int width, int height, std::uint8_t r, std::uint8_t g, std::uint8_t b);

}  // namespace d2nn::testing
