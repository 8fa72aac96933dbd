#include "lsp/positions.h"

#include <algorithm>

#include "source/utf8.h"

namespace d2nn::lsp {
namespace {

/// UTF-16 units of a code point; a byte that is no text counts one.
std::uint32_t units(const source::CodePoint& point) {
  return point.is_valid && point.value > 0xFFFF ? 2 : 1;
}

}  // namespace

Json to_position(const source::SourceFile& file, std::uint32_t offset) {
  offset = std::min(offset, static_cast<std::uint32_t>(file.text().size()));
  const std::uint32_t line = file.position(offset).line;
  const std::string_view text = file.line(line);
  const auto begin = static_cast<std::uint32_t>(text.data() - file.text().data());
  std::uint32_t character = 0;
  for (std::size_t i = 0; i < text.size() && begin + i < offset;) {
    const source::CodePoint point = source::decode_utf8(text, i);
    character += units(point);
    i += point.length;
  }
  return {{"line", line - 1}, {"character", character}};
}

Json to_range(const source::SourceFile& file, source::SourceRange range) {
  return {{"start", to_position(file, range.begin)}, {"end", to_position(file, range.end)}};
}

std::uint32_t to_offset(const source::SourceFile& file, const Json& position) {
  const auto line = position.at("line").get<std::uint64_t>();
  const auto character = position.at("character").get<std::uint64_t>();
  if (line >= file.line_count()) return static_cast<std::uint32_t>(file.text().size());
  const std::string_view text = file.line(static_cast<std::uint32_t>(line) + 1);
  std::size_t i = 0;
  for (std::uint64_t passed = 0; i < text.size() && passed < character;) {
    const source::CodePoint point = source::decode_utf8(text, i);
    passed += units(point);
    if (passed > character) break;  // inside a pair
    i += point.length;
  }
  return static_cast<std::uint32_t>(static_cast<std::size_t>(text.data() - file.text().data()) + i);
}

}  // namespace d2nn::lsp
