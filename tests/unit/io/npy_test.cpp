#include "io/npy.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>

#include "unit/io/full_disk.h"
#include "unit/io/temp_folder.h"

using d2nn::io::NpyReader;
using d2nn::io::NpyWriter;
using d2nn::testing::bytes_of;
using d2nn::testing::TempFolder;

namespace {

std::string npy(const std::string& header, const std::string& data, int version = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  file += version == 1 ? bytes_of(static_cast<std::uint16_t>(header.size()))
                       : bytes_of(static_cast<std::uint32_t>(header.size()));
  return file + header + data;
}

std::string header(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

std::string floats(std::size_t count) {
  std::string data;
  for (std::size_t i = 0; i < count; ++i) data += bytes_of(static_cast<float>(i));
  return data;
}

}  // namespace

TEST_CASE("what is written comes back, sample by sample and in any order") {
  const TempFolder folder;
  const std::array<std::int64_t, 2> shape = {2, 3};
  auto writer = NpyWriter::create(folder.path("x.npy"), 3, shape);
  REQUIRE(writer.ok());
  std::array<float, 18> rows{};
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i) * 0.5f;
  REQUIRE(writer->append(rows.data(), 1).ok());
  REQUIRE(writer->append(rows.data() + 6, 2).ok());
  REQUIRE(writer->finish().ok());
  auto reader = NpyReader::open(folder.path("x.npy"), shape);
  REQUIRE(reader.ok());
  CHECK(reader->samples() == 3);
  CHECK(reader->elements() == 6);
  std::array<float, 12> read{};
  REQUIRE(reader->read(1, 2, read.data()).ok());
  CHECK(std::memcmp(read.data(), rows.data() + 6, sizeof(read)) == 0);
  const std::string file = TempFolder::read(folder.path("x.npy"));
  CHECK((file.size() - sizeof(rows)) % 64 == 0);  // data begins where the format wants it
}

TEST_CASE("versions 1, 2 and 3, other key orders and a file without sample dimensions are read") {
  const TempFolder folder;
  const std::string odd = "{\"shape\": (2,), 'fortran_order':False, 'descr' : '<f4'}";
  for (const int version : {1, 2, 3}) {
    auto reader = NpyReader::open(folder.write("x.npy", npy(odd, floats(2), version)));
    REQUIRE(reader.ok());
    CHECK(reader->samples() == 2);
    CHECK(reader->shape().empty());
    float value = 0;
    REQUIRE(reader->read(1, 1, &value).ok());
    CHECK(value == 1);
  }
}

TEST_CASE("every other npy file is refused with what was found and what is needed") {
  struct Case {
    std::string file, words;
  };
  const std::string good = header("<f4", "False", "(2, 3)");
  const Case cases[] = {
      {"", "has only 0 bytes"},
      {"not an npy file at all", "is not an npy file"},
      {npy(good, floats(6), 9), "format version 9"},
      {npy(header("<f8", "False", "(2, 3)"), floats(12)), "holds `<f8`; `<f4` is needed"},
      {npy(header(">f4", "False", "(2, 3)"), floats(6)), "holds `>f4`"},
      {npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", floats(2)), "holds `[('a', '<f4')]`"},
      {npy(header("<f4", "True", "(2, 3)"), floats(6)), "Fortran order"},
      {npy(header("<f4", "False", "()"), floats(1)), "a single number"},
      {npy(header("<f4", "False", "(0, 3)"), ""), "no samples: its shape is [0, 3]"},
      {npy(good, floats(5)), "is truncated: shape [2, 3] takes 24 bytes of data, the file has 20"},
      {npy(good, floats(7)), "has bytes after its data"},
      {npy(header("<f4", "False", "(2, 4)"), floats(8)), "has shape [2, 4]; [samples, 3] is needed"},
      {npy(header("<f4", "False", "(3,)"), floats(3)), "in NumPy: x[None]"},
      {npy(header("<f4", "False", "(4611686018427387904, 3)"), floats(6)), "larger than any file"},
      {npy(header("<f4", "False", "(99999999999999999999, 3)"), floats(6)), "cannot be understood"},
      {npy(header("<f4", "False", "(-2, 3)"), floats(6)), "cannot be understood"},
      {npy("{'descr': '<f4', 'shape': (2, 3), }", floats(6)), "cannot be understood"},
      {npy(good.substr(0, 30), floats(6)), "cannot be understood"},
      {npy(good, "", 2).substr(0, 20), "its header claims"},
      {std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12) + good, "its header claims 4294967295 bytes"},
  };
  const TempFolder folder;
  const std::array<std::int64_t, 1> shape = {3};
  for (const Case& item : cases) {
    CAPTURE(item.words);
    const std::string path = folder.write("x.npy", item.file);
    const auto reader = NpyReader::open(path, shape);
    REQUIRE_FALSE(reader.ok());
    CHECK(reader.status().code() == D2NN_INVALID_ARGUMENT);
    CHECK_MESSAGE(reader.status().message().find(item.words) != std::string::npos, reader.status().message());
    CHECK(reader.status().message().find(path) != std::string::npos);
  }
}

TEST_CASE("every cut of a good npy file is an error, never a crash") {
  const TempFolder folder;
  const std::string file = npy(header("<f4", "False", "(2, 3)"), floats(6), 2);
  for (std::size_t size = 0; size < file.size(); ++size) {
    CHECK_FALSE(NpyReader::open(folder.write("x.npy", file.substr(0, size))).ok());
  }
  CHECK(NpyReader::open(folder.write("x.npy", file)).ok());
}

TEST_CASE("labels of four types are read and fractions refused") {
  const TempFolder folder;
  const auto read = [&](const std::string& descr, const std::string& data) {
    return d2nn::io::read_npy_labels(folder.write("y.npy", npy(header(descr, "False", "(2,)"), data)));
  };
  const std::vector<std::int64_t> wanted = {7, 3};
  CHECK(*read("<i8", bytes_of(std::int64_t{7}) + bytes_of(std::int64_t{3})) == wanted);
  CHECK(*read("<i4", bytes_of(std::int32_t{7}) + bytes_of(std::int32_t{3})) == wanted);
  CHECK(*read("|u1", "\x07\x03") == wanted);
  CHECK(*read("<f4", bytes_of(7.0f) + bytes_of(3.0f)) == wanted);
  CHECK(read("<f4", bytes_of(7.0f) + bytes_of(3.5f)).status().message().find("3.5") != std::string::npos);
  CHECK_FALSE(read("<f4", bytes_of(7.0f) + bytes_of(0.0f / 0.0f)).ok());
  CHECK_FALSE(read("<f8", bytes_of(7.0) + bytes_of(3.0)).ok());
}

TEST_CASE("a writer holds its caller to the announced rows and reports a full disk") {
  const TempFolder folder;
  const std::array<std::int64_t, 1> shape = {1 << 20};
  const std::vector<float> row(1 << 20);
  auto short_writer = NpyWriter::create(folder.path("y.npy"), 2, shape);
  REQUIRE(short_writer->append(row.data(), 1).ok());
  CHECK(short_writer->finish().message().find("1 samples were given, 2 were announced") != std::string::npos);
  auto long_writer = NpyWriter::create(folder.path("y.npy"), 1, shape);
  CHECK(long_writer->append(row.data(), 2).code() == D2NN_INVALID_ARGUMENT);
  const d2nn::testing::FullDisk full(1 << 20);
  auto writer = NpyWriter::create(folder.path("y.npy"), 1, shape);
  CHECK(writer->append(row.data(), 1).code() == D2NN_IO_ERROR);
  CHECK(writer->finish().code() == D2NN_IO_ERROR);
  CHECK_FALSE(std::filesystem::exists(folder.path("y.npy")));
}
