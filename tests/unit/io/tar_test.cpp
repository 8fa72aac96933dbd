#include "io/tar.h"

#include <doctest/doctest.h>

#include <random>

#include "unit/io/picture_files.h"
#include "unit/io/temp_folder.h"

using d2nn::io::TarReader;
using namespace d2nn::testing;

namespace {

// "name=size" of every member, or the error; contents are read for names in even places only.
std::string walk(const std::string& path) {
  auto reader = TarReader::open(path);
  if (!reader.ok()) return reader.status().message();
  std::string text;
  for (int i = 0;; ++i) {
    auto name = reader->next();
    if (!name.ok()) return name.status().message();
    if (!*name) return text;
    text += **name;
    if (i % 2 == 0) {
      auto content = reader->read();
      if (!content.ok()) return content.status().message();
      text += "=" + std::string(content->begin(), content->end());
    }
    text += ";";
  }
}

}  // namespace

TEST_CASE("members come in order, plain and compressed, read or passed over") {
  const TempFolder folder;
  const std::vector<std::pair<std::string, std::string>> members = {
      {"./train/a.txt", "hello"}, {"b", std::string(100000, 'x')}, {"c", "end"}};
  CHECK(walk(folder.write("a.tar", tar_file(members))) == "train/a.txt=hello;b;c=end;");
  CHECK(walk(folder.write("a.tar.gz", tar_file(members, true))) == "train/a.txt=hello;b;c=end;");
}

TEST_CASE("folders are named with a slash behind") {
  const TempFolder folder;
  CHECK(walk(folder.write("a.tar", tar_file({{"./train/a.txt", "hello"}, {"train/empty/", ""}, {"b", "end"}}))) ==
        "train/a.txt=hello;train/empty/;b=end;");
}

TEST_CASE("names of pax archives keep their UTF-8 bytes in a program that sets no locale") {
  const TempFolder folder;
  CHECK(walk(folder.write("a.tar", pax_file("f\u00fcnf/\u65e5.png", "hello"))) == "f\u00fcnf/\u65e5.png=hello;");
}

TEST_CASE("what is no tar, or is cut inside a member, is an error that names it") {
  const TempFolder folder;
  CHECK(walk(folder.path("none.tar")).find("No such file") != std::string::npos);
  const std::string path = folder.write("a.tar", "this is not a tar archive, whatever its name says");
  CHECK(walk(path).find(path) != std::string::npos);
  const std::string archive = tar_file({{"first", std::string(2000, 'x')}});
  const std::string cut = walk(folder.write("b.tar", archive.substr(0, 1500)));
  CHECK_MESSAGE(cut.find("member `first`") != std::string::npos, cut);
}

TEST_CASE("bit-flipped archives are walked or refused, never a crash") {
  const TempFolder folder;
  std::mt19937 random(11);
  const std::string archive = tar_file({{"a", "one"}, {"b", std::string(700, 'b')}, {"c", "three"}});
  std::size_t refused = 0;
  for (int i = 0; i < 300; ++i) {
    std::string bad = archive;
    for (int flips = 0; flips < 4; ++flips) bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
    if (walk(folder.write("a.tar", bad)).find(folder.path("a.tar")) != std::string::npos) ++refused;
  }
  CHECK(refused > 0);
}
