#include "io/idx.h"

#include <doctest/doctest.h>

#include "unit/io/picture_files.h"
#include "unit/io/temp_folder.h"

using d2nn::io::read_idx;
using namespace d2nn::testing;

namespace {

const std::string good(
    "\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
    "abcdef",
    18);

}  // namespace

TEST_CASE("an IDX file reads the same plain and compressed") {
  const TempFolder folder;
  write_gz(folder.path("a.gz"), good);
  for (const std::string& path : {folder.write("a", good), folder.path("a.gz")}) {
    const auto array = read_idx(path);
    REQUIRE(array.ok());
    CHECK(array->dims == std::vector<std::int64_t>{2, 3});
    CHECK(std::string(array->bytes.begin(), array->bytes.end()) == "abcdef");
  }
}

TEST_CASE("other and damaged IDX files are refused with the reason") {
  struct Case {
    std::string file, words;
  };
  const auto patched = [](std::size_t at, char byte) {
    std::string file = good;
    file[at] = byte;
    return file;
  };
  const Case cases[] = {
      {"", "is not an IDX file"},
      {patched(0, 1), "is not an IDX file"},
      {patched(2, 0x0d), "holds IDX type 13; unsigned bytes (8) are needed"},
      {patched(3, 0), "has 0 dimensions"},
      {patched(3, 99), "has 99 dimensions"},
      {patched(7, 0), "is empty"},
      {good.substr(0, 9), "truncated inside its header"},
      {good.substr(0, 17), "take 6 bytes, the file has 5"},
      {good + "x", "has bytes after its data"},
      {patched(4, 0x7f), "is truncated"},
      {std::string("\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16), "claims more than"},
  };
  const TempFolder folder;
  for (const Case& item : cases) {
    const auto array = read_idx(folder.write("a", item.file));
    REQUIRE_FALSE(array.ok());
    CHECK_MESSAGE(array.status().message().find(item.words) != std::string::npos, array.status().message());
  }
  CHECK(read_idx(folder.path("none")).status().code() == D2NN_IO_ERROR);
}

TEST_CASE("a compressed file that is cut or flipped is an error") {
  const TempFolder folder;
  write_gz(folder.path("a.gz"), good + std::string(0, 'x'));
  const std::string packed = TempFolder::read(folder.path("a.gz"));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(read_idx(folder.write("b.gz", packed.substr(0, size))).ok());
  }
  std::string flipped = packed;
  flipped[flipped.size() - 6] ^= 1;  // the checksum
  CHECK_FALSE(read_idx(folder.write("b.gz", flipped)).ok());
}
