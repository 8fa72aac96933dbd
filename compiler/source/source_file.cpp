// Line tables: lines end with \n, \r\n or a lone \r. Columns are counted only when somebody asks.
#include "source/source_file.h"

#include <algorithm>
#include <utility>

#include "source/utf8.h"

namespace d2nn::source {

SourceFile::SourceFile(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  line_begins_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const bool ends_line = text_[i] == '\n' || (text_[i] == '\r' && (i + 1 == text_.size() || text_[i + 1] != '\n'));
    if (ends_line) line_begins_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

Position SourceFile::position(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const auto next = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  std::uint32_t begin = *(next - 1);
  const auto line_number = static_cast<std::uint32_t>(next - line_begins_.begin());
  if (begin == 0 && offset >= byte_order_mark.size() && text().starts_with(byte_order_mark)) {
    begin = static_cast<std::uint32_t>(byte_order_mark.size());
  }
  const std::size_t before = count_code_points(text().substr(begin, offset - begin));
  return {line_number, static_cast<std::uint32_t>(before + 1)};
}

std::string_view SourceFile::line(std::uint32_t line_number) const {
  if (line_number == 0 || line_number > line_count()) return {};
  const std::uint32_t begin = line_begins_[line_number - 1];
  const std::size_t end = line_number < line_count() ? line_begins_[line_number] : text_.size();
  std::string_view line = text().substr(begin, end - begin);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

FileId SourceFiles::add(std::string name, std::string text) {
  files_.push_back(std::make_unique<SourceFile>(std::move(name), std::move(text)));
  return static_cast<FileId>(files_.size() - 1);
}

std::string_view SourceFiles::text(SourceRange range) const {
  if (range.file >= files_.size()) return {};
  const std::string_view all = files_[range.file]->text();
  const std::size_t begin = std::min<std::size_t>(range.begin, all.size());
  const std::size_t end = std::min<std::size_t>(std::max(range.begin, range.end), all.size());
  return all.substr(begin, end - begin);
}

}  // namespace d2nn::source
