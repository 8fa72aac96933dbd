#include "scratch_folder.h"

#include <doctest/doctest.h>
#include <png.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "io/npy.h"

namespace d2nn::tests {

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "d2nn-app-test-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::vector<std::string> ScratchFolder::files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

void ScratchFolder::write_npy(const std::string& name, std::span<const float> values,
                              std::span<const std::int64_t> sample_shape) const {
  std::int64_t elements = 1;
  for (std::int64_t extent : sample_shape) elements *= extent;
  const std::int64_t samples = static_cast<std::int64_t>(values.size()) / elements;
  auto writer = io::NpyWriter::create(path(name), samples, sample_shape);
  REQUIRE(writer.ok());
  REQUIRE(writer->append(values.data(), samples).ok());
  REQUIRE(writer->finish().ok());
}

std::vector<float> ScratchFolder::read_npy(const std::string& name) const {
  const auto reader = io::NpyReader::open(path(name));
  REQUIRE_MESSAGE(reader.ok(), reader.status().message());
  std::vector<float> values(static_cast<std::size_t>(reader->samples() * reader->elements()));
  REQUIRE(reader->read(0, reader->samples(), values.data()).ok());
  return values;
}

void ScratchFolder::write_png(const std::string& name, std::uint32_t height, std::uint32_t width,
                              std::span<const std::uint8_t> bytes) const {
  png_image image;
  std::memset(&image, 0, sizeof(image));
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = PNG_FORMAT_RGB;
  REQUIRE(png_image_write_to_file(&image, path(name).c_str(), 0, bytes.data(), 0, nullptr) != 0);
}

std::string ScratchFolder::read_text(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(path(name)).rdbuf();
  return text.str();
}

}  // namespace d2nn::tests
