// ANTLR asks with offsets from the current place: 1 is the next byte, -1 the one before.
#include "syntax/byte_stream.h"

#include <algorithm>
#include <utility>

#include "source/utf8.h"

namespace d2nn::syntax {

ByteStream::ByteStream(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {
  if (text.starts_with(source::byte_order_mark)) mark_bytes_ = source::byte_order_mark.size();
}

void ByteStream::consume() {
  if (position_ < text_.size()) ++position_;
}

size_t ByteStream::LA(ssize_t offset) {
  if (offset == 0) return 0;
  const ssize_t at = static_cast<ssize_t>(position_) + (offset > 0 ? offset - 1 : offset);
  if (at < 0 || at >= static_cast<ssize_t>(text_.size())) return antlr4::IntStream::EOF;
  const auto index = static_cast<size_t>(at);
  return index < mark_bytes_ ? ' ' : static_cast<unsigned char>(text_[index]);
}

void ByteStream::seek(size_t index) {
  position_ = std::min(index, text_.size());
}

std::string ByteStream::getText(const antlr4::misc::Interval& interval) {
  if (interval.a < 0 || interval.b < interval.a) return {};
  const auto begin = static_cast<size_t>(interval.a);
  if (begin >= text_.size()) return {};
  return std::string(text_.substr(begin, static_cast<size_t>(interval.b) - begin + 1));
}

}  // namespace d2nn::syntax
