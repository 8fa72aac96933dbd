// A place in a source file, as bytes; turned into lines and columns only when a person is to see it
// (SourceFile::position).
#pragma once

#include <cstdint>

namespace d2nn::source {

/// Names one file of a SourceFiles collection; 0 is the file given on the command line.
using FileId = std::uint32_t;

/// The file of a range that is no place in a program: a mistake on the command line, in a weights file.
inline constexpr FileId no_file = ~FileId{0};

/// Half-open byte range [begin, end) of one file. An empty range marks a point (for instance the end of the file).
struct SourceRange {
  FileId file = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  friend bool operator==(const SourceRange&, const SourceRange&) = default;
};

/// The smallest range that covers both; both must be of one file.
inline SourceRange cover(SourceRange first, SourceRange last) {
  return {first.file, first.begin < last.begin ? first.begin : last.begin, first.end > last.end ? first.end : last.end};
}

}  // namespace d2nn::source
