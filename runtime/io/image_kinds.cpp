#include "io/image_kinds.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "io/input_file.h"

namespace d2nn::io {
namespace {

constexpr std::array<std::string_view, 5> read_endings = {".jpg", ".jpeg", ".jpe", ".jfif", ".png"};
constexpr std::array<std::string_view, 16> other_endings = {".webp", ".gif",  ".bmp",  ".dib", ".tif", ".tiff",
                                                            ".heic", ".heif", ".avif", ".jxl", ".jp2", ".j2k",
                                                            ".ppm",  ".pgm",  ".ico",  ".svg"};
constexpr std::size_t head_bytes = 64;

/// A kind of file and the bytes `mark` that it has at byte `at`.
struct Kind {
  std::string_view mark;
  std::size_t at;
  std::string_view name;  // with its article
};

using namespace std::string_view_literals;

constexpr std::array<Kind, 2> read_kinds = {{{"\xff\xd8\xff"sv, 0, "a JPEG"}, {"\x89PNG\r\n\x1a\n"sv, 0, "a PNG"}}};
// An order matters only where one mark is a part of another.
constexpr std::array<Kind, 21> other_kinds = {{
    {"WEBP"sv, 8, "a WebP image"},
    {"GIF87a"sv, 0, "a GIF image"},
    {"GIF89a"sv, 0, "a GIF image"},
    {"II*\0"sv, 0, "a TIFF image"},
    {"MM\0*"sv, 0, "a TIFF image"},
    {"ftypavif"sv, 4, "an AVIF image"},
    {"ftypavis"sv, 4, "an AVIF image"},
    {"ftyphei"sv, 4, "a HEIC image"},
    {"ftyphev"sv, 4, "a HEIC image"},
    {"ftypmif1"sv, 4, "a HEIF image"},
    {"ftypmsf1"sv, 4, "a HEIF image"},
    {"\xff\x0a"sv, 0, "a JPEG XL image"},
    {"JXL \r\n"sv, 4, "a JPEG XL image"},
    {"jP  \r\n"sv, 4, "a JPEG 2000 image"},
    {"\xff\x4f\xff\x51"sv, 0, "a JPEG 2000 image"},
    {"8BPS"sv, 0, "a Photoshop image"},
    {"\0\0\1\0"sv, 0, "an icon"},
    {"P5\n"sv, 0, "a PGM image"},
    {"P6\n"sv, 0, "a PPM image"},
    {"<svg"sv, 0, "an SVG drawing"},
    {"BM"sv, 0, "a BMP image"},
}};

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool ends_in_one_of(std::string_view name, std::span<const std::string_view> endings) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  return std::find(endings.begin(), endings.end(), lower_case(name.substr(dot))) != endings.end();
}

/// The name of the kind whose mark the bytes have, or "".
std::string_view find_kind(std::string_view file, std::span<const Kind> kinds) {
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& kind) {
    return file.size() >= kind.at + kind.mark.size() && file.substr(kind.at, kind.mark.size()) == kind.mark;
  });
  return found == kinds.end() ? std::string_view() : found->name;
}

}  // namespace

bool is_image_name(std::string_view name) {
  return ends_in_one_of(name, read_endings);
}

bool is_other_image_name(std::string_view name) {
  return ends_in_one_of(name, other_endings);
}

bool is_image_file(const std::string& path) {
  if (is_image_name(path) || is_other_image_name(path)) return true;
  const auto file = InputFile::open(path);
  if (!file.ok()) return false;
  std::array<std::uint8_t, head_bytes> head = {};
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(file->size(), head.size()));
  if (!file->read(0, head.data(), size).ok()) return false;
  const std::string_view text = text_of(std::span(head).first(size));
  return !find_kind(text, read_kinds).empty() || !find_kind(text, other_kinds).empty();
}

std::string describe_other_kind(std::span<const std::uint8_t> file) {
  if (file.empty()) return "is empty; a JPEG or PNG is needed";
  const std::string_view text = text_of(file);
  if (const std::string_view kind = find_kind(text, other_kinds); !kind.empty())
    return "is " + std::string(kind) + "; JPEG and PNG are read: convert it to one of them";
  if (text.starts_with("version https://git-lfs"))
    return "is not the image but a pointer of Git LFS to it: fetch the files with `git lfs pull`";
  const std::string start = lower_case(text.substr(
      text.find_first_not_of(" \t\r\n") == std::string_view::npos ? 0 : text.find_first_not_of(" \t\r\n"), head_bytes));
  if (start.starts_with("<!doctype html") || start.starts_with("<html"))
    return "is a web page, neither JPEG nor PNG: its download failed, fetch it again";
  return "is neither JPEG nor PNG";
}

}  // namespace d2nn::io
