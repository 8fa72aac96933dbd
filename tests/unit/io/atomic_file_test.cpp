#include "io/atomic_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/input_file.h"
#include "unit/io/full_disk.h"
#include "unit/io/temp_folder.h"

using d2nn::io::AtomicFile;
using d2nn::testing::TempFolder;

TEST_CASE("a file appears under its name only when it is committed") {
  const TempFolder folder;
  const std::string path = folder.path("out.bin");
  {
    auto file = AtomicFile::create(path);
    REQUIRE(file.ok());
    REQUIRE(file->write("hello").ok());
    CHECK_FALSE(std::filesystem::exists(path));
    REQUIRE(file->commit().ok());
  }
  CHECK(TempFolder::read(path) == "hello");
  CHECK(folder.files() == 1);
}

TEST_CASE("a file that is not committed leaves the old one and nothing else") {
  const TempFolder folder;
  const std::string path = folder.write("out.bin", "old");
  {
    auto file = AtomicFile::create(path);
    REQUIRE(file.ok());
    REQUIRE(file->write(std::string(200000, 'x')).ok());
  }
  CHECK(TempFolder::read(path) == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("a full disk is reported and the old file stays") {
  const TempFolder folder;
  const std::string path = folder.write("out.bin", "old");
  d2nn::Status status;
  {
    const d2nn::testing::FullDisk full(1 << 20);
    status = d2nn::io::write_file(path, std::string(2 << 20, 'x'));
  }
  CHECK(status.code() == D2NN_IO_ERROR);
  CHECK(status.message().find(path) != std::string::npos);
  CHECK(status.message().find("nothing was changed") != std::string::npos);
  CHECK(TempFolder::read(path) == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("a replaced file keeps its permissions and a link keeps pointing") {
  const TempFolder folder;
  const std::string path = folder.write("out.bin", "old");
  REQUIRE(chmod(path.c_str(), 0640) == 0);
  REQUIRE(symlink(path.c_str(), folder.path("link").c_str()) == 0);
  REQUIRE(d2nn::io::write_file(folder.path("link"), "new").ok());
  struct stat info{};
  REQUIRE(lstat(folder.path("link").c_str(), &info) == 0);
  CHECK(S_ISLNK(info.st_mode));
  CHECK(TempFolder::read(path) == "new");
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
}

TEST_CASE("places that cannot be written are errors that name them") {
  const TempFolder folder;
  CHECK(d2nn::io::write_file(folder.path(""), "x").message().find("a file name is needed") != std::string::npos);
  const std::string missing = folder.path("") + "nowhere/out.bin";
  const d2nn::Status status = d2nn::io::write_file(missing, "x");
  CHECK(status.code() == D2NN_IO_ERROR);
  CHECK(status.message().find("nowhere` does not exist") != std::string::npos);
  CHECK(d2nn::io::write_file("/dev/full", "x").code() == D2NN_IO_ERROR);
  CHECK(d2nn::io::write_file("/dev/null", "x").ok());
}

TEST_CASE("folders, pipes and missing files are not read") {
  const TempFolder folder;
  REQUIRE(mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  CHECK(d2nn::io::InputFile::open(folder.path("")).status().message().find("it is a folder") != std::string::npos);
  CHECK(d2nn::io::InputFile::open(folder.path("pipe")).status().message().find("not a regular file") !=
        std::string::npos);
  CHECK(d2nn::io::InputFile::open(folder.path("none")).status().message().find("No such file") != std::string::npos);
}

TEST_CASE("reading past the end of a file says where it ends") {
  const TempFolder folder;
  auto file = d2nn::io::InputFile::open(folder.write("a", "1234"));
  REQUIRE(file.ok());
  char out[8];
  CHECK(file->read(2, out, 8).message().find("it ends at byte 4, 10 are needed") != std::string::npos);
  CHECK(d2nn::io::read_file(folder.path("a"), 3).status().code() == D2NN_IO_ERROR);
}
