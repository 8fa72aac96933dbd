// The text of the files of one compilation, kept until the last message is printed, and their line tables.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "source/source_range.h"

namespace d2nn::source {

/// A place as people count: both from 1. The column counts Unicode code points, a tab counts one.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// One file: its name as the user gave it, its bytes and where its lines begin. Immutable.
class SourceFile {
 public:
  SourceFile(std::string name, std::string text);

  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }
  /// Position of a byte offset; offsets past the end give the position just behind the last byte.
  Position position(std::uint32_t offset) const;
  /// The text of a line (from 1) without its line break; empty for a line that does not exist.
  std::string_view line(std::uint32_t line_number) const;
  std::uint32_t line_count() const { return static_cast<std::uint32_t>(line_begins_.size()); }

 private:
  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> line_begins_;
};

/// All files of a compilation; ids are dense and addresses stable.
class SourceFiles {
 public:
  /// Takes over the text and returns the new file's id.
  FileId add(std::string name, std::string text);
  const SourceFile& operator[](FileId id) const { return *files_[id]; }
  std::string_view text(SourceRange range) const;
  std::size_t size() const { return files_.size(); }

 private:
  std::vector<std::unique_ptr<SourceFile>> files_;
};

}  // namespace d2nn::source
