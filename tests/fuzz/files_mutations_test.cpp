// Data files damaged in every build the same way: npy, IDX, JPEG, PNG and tar, cut, flipped and spliced. Whatever is
// read, the answer is data of the right size or one sentence that names the file.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "io/idx.h"
#include "io/image.h"
#include "io/npy.h"
#include "io/tar.h"
#include "train/datasets/dataset.h"
#include "unit/io/picture_files.h"
#include "unit/io/temp_folder.h"

namespace {

using namespace d2nn;
using namespace d2nn::testing;

std::string damaged(const std::string& good, unsigned seed) {
  std::mt19937 random(seed);
  std::string bad = good;
  if (random() % 4 == 0) bad.resize(random() % bad.size());
  for (unsigned changes = random() % 4; changes > 0 && !bad.empty(); --changes) {
    // Half of the damage goes where the headers are.
    const std::size_t at = random() % (random() % 2 == 0 ? std::min<std::size_t>(bad.size(), 160) : bad.size());
    switch (random() % 4) {
      case 0:
        bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
        break;
      case 1:
        bad[at] = static_cast<char>(random());
        break;
      case 2:
        bad.erase(at, 1 + random() % 8);
        break;
      default:
        bad.insert(at, bad.substr(random() % bad.size(), 1 + random() % 40));
        break;
    }
  }
  return bad;
}

std::string noise(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::vector<std::uint8_t> pixels(std::size_t size) {
  const std::string bytes = noise(size);
  return {bytes.begin(), bytes.end()};
}

/// Reads `seeds` damaged versions of `good` through `read`. Some must be refused, and every refusal names the file.
void expect_data_or_a_sentence(const std::string& good, unsigned seeds, const std::string& name,
                               const std::function<Status(const std::string& path)>& read) {
  const TempFolder folder;
  const std::string whole = folder.write(name, good);
  const Status status = read(whole);
  CAPTURE(status.message());
  REQUIRE(status.ok());
  unsigned refused = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    const std::string path = folder.write(name, damaged(good, seed));
    const Status answer = read(path);
    if (answer.ok()) continue;
    ++refused;
    CAPTURE(answer.message());
    CHECK(answer.message().find(path) != std::string::npos);
    CHECK(answer.message().find('\n') == std::string::npos);
    CHECK(answer.code() != D2NN_INTERNAL_ERROR);
  }
  CHECK(refused > seeds / 4);
  CHECK(refused < seeds);  // some files are not changed, some damage is in values
}

Status read_npy(const std::string& path) {
  const auto reader = io::NpyReader::open(path);
  if (!reader.ok()) return reader.status();
  std::vector<float> values(static_cast<std::size_t>(reader->samples() * reader->elements()));
  return reader->read(0, reader->samples(), values.data());
}

Status read_image(const std::string& path) {
  std::vector<float> values(3 * 5 * 9);
  return io::read_image_sample(path, std::vector<std::int64_t>{3, 5, 9}, true, values.data());
}

Status open_as(const std::string& kind, const std::string& path, const std::vector<std::int64_t>& shape) {
  const auto data = datasets::open(kind + path, datasets::Split::train, shape, {});
  if (!data.ok()) return data.status();
  std::vector<float> values(static_cast<std::size_t>(data->elements()));
  Status status;
  for (std::size_t i = 0; i < data->size() && status.ok(); ++i) status = data->fill(i, values.data());
  return status;
}

std::string npy_file() {
  const TempFolder folder;
  const std::vector<std::int64_t> shape = {3, 4};
  auto writer = io::NpyWriter::create(folder.path("x.npy"), 5, shape);
  const std::vector<float> values(60, 0.5f);
  REQUIRE(writer->append(values.data(), 5).ok());
  REQUIRE(writer->finish().ok());
  return TempFolder::read(folder.path("x.npy"));
}

std::vector<std::pair<std::string, std::string>> members() {
  std::vector<std::pair<std::string, std::string>> files;
  for (const char* name : {"a/1", "a/2", "a/3", "b/1", "b/2", "b/3"})
    files.emplace_back(std::string(name) + ".png", png_file(9, 5, 2, 8, pixels(9 * 5 * 3)));
  return files;
}

}  // namespace

TEST_CASE("damaged npy files are read or refused by name (seeds 1 to 3000)") {
  expect_data_or_a_sentence(npy_file(), 3000, "x.npy", read_npy);
}

TEST_CASE("damaged IDX files are read or refused by name, plain and compressed (seeds 1 to 2000)") {
  const auto read = [](const std::string& path) { return io::read_idx(path).status(); };
  const std::string plain = std::string("\0\0\x08\x03\0\0\0\x05\0\0\0\x04\0\0\0\x04", 16) + noise(80);
  expect_data_or_a_sentence(plain, 2000, "images", read);
  const TempFolder folder;
  write_gz(folder.path("images.gz"), plain);
  expect_data_or_a_sentence(TempFolder::read(folder.path("images.gz")), 2000, "images.gz", read);
}

TEST_CASE("damaged JPEG and PNG files are read or refused by name (seeds 1 to 2000)") {
  expect_data_or_a_sentence(jpeg_file(31, 17, 3, pixels(31 * 17 * 3)), 2000, "x.jpg", read_image);
  expect_data_or_a_sentence(png_file(31, 17, 2, 8, pixels(31 * 17 * 3)), 2000, "x.png", read_image);
  expect_data_or_a_sentence(png_file(32, 17, 3, 2, pixels(8 * 17)), 2000, "x.png", read_image);
}

TEST_CASE("damaged archives of images are read or refused by name (seeds 1 to 600)") {
  const auto read = [](const std::string& path) { return open_as("images:", path, {3, 5, 9}); };
  expect_data_or_a_sentence(tar_file(members()), 600, "x.tar", read);
  expect_data_or_a_sentence(tar_file(members(), true), 600, "x.tar.gz", read);
}
