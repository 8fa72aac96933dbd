// Lines, columns and texts of ranges.
#include "source/source_file.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace d2nn::source;

static std::pair<unsigned, unsigned> at(const SourceFile& file, std::uint32_t offset) {
  const Position position = file.position(offset);
  return {position.line, position.column};
}

TEST_CASE("lines end with a line feed, a carriage return or both") {
  const SourceFile file("f", "ab\ncd\r\nef\rgh");
  REQUIRE(file.line_count() == 4);
  CHECK(file.line(1) == "ab");
  CHECK(file.line(2) == "cd");
  CHECK(file.line(3) == "ef");
  CHECK(file.line(4) == "gh");
  CHECK(file.line(0).empty());
  CHECK(file.line(5).empty());
  CHECK(at(file, 0) == std::pair(1u, 1u));
  CHECK(at(file, 2) == std::pair(1u, 3u));
  CHECK(at(file, 3) == std::pair(2u, 1u));
  CHECK(at(file, 8) == std::pair(3u, 2u));
  CHECK(at(file, 10) == std::pair(4u, 1u));
}

TEST_CASE("columns count code points, a tab counts one, a byte order mark none") {
  const SourceFile file("f", "\xEF\xBB\xBF\tn\xC3\xA9\xE2\x86\x92x\n");
  CHECK(at(file, 3) == std::pair(1u, 1u));   // the tab
  CHECK(at(file, 4) == std::pair(1u, 2u));   // n
  CHECK(at(file, 10) == std::pair(1u, 5u));  // x, behind é and →
}

TEST_CASE("offsets past the end give the place behind the last byte") {
  const SourceFile file("f", "ab\nc");
  CHECK(at(file, 4) == std::pair(2u, 2u));
  CHECK(at(file, 400) == std::pair(2u, 2u));
  const SourceFile empty("f", "");
  CHECK(at(empty, 0) == std::pair(1u, 1u));
  CHECK(at(empty, 7) == std::pair(1u, 1u));
  CHECK(empty.line_count() == 1);
}

TEST_CASE("a collection gives dense ids and the text of ranges") {
  SourceFiles files;
  const FileId first = files.add("a", "hello");
  const FileId second = files.add("b", "world");
  CHECK(first == 0);
  CHECK(second == 1);
  CHECK(files.size() == 2);
  CHECK(files[second].name() == "b");
  CHECK(files.text({second, 1, 3}) == "or");
  CHECK(files.text({second, 3, 99}) == "ld");
  CHECK(files.text({7, 0, 1}).empty());
  CHECK(cover({0, 4, 6}, {0, 1, 5}) == SourceRange{0, 1, 6});
}
