// A source text as ANTLR reads it: byte by byte, so that a token's indices are byte offsets. (ANTLR's own stream counts
// code points and throws on bytes that are not UTF-8.) Lexer rules see bytes from 0x80 on only in comments and strings.
#pragma once

#include <antlr4-runtime.h>

#include <string>
#include <string_view>

namespace d2nn::syntax {

/// Does not own the text, which must outlive it. A byte order mark at the beginning reads as spaces.
class ByteStream final : public antlr4::CharStream {
 public:
  ByteStream(std::string_view text, std::string name);

  void consume() override;
  size_t LA(ssize_t offset) override;
  ssize_t mark() override { return -1; }
  void release(ssize_t) override {}
  size_t index() override { return position_; }
  void seek(size_t index) override;
  size_t size() override { return text_.size(); }
  std::string getSourceName() const override { return name_; }
  std::string getText(const antlr4::misc::Interval& interval) override;
  std::string toString() const override { return std::string(text_); }

 private:
  std::string_view text_;
  std::string name_;
  size_t mark_bytes_ = 0;
  size_t position_ = 0;
};

}  // namespace d2nn::syntax
