// Sound and malformed UTF-8.
#include "text/utf8.h"

#include <doctest/doctest.h>

#include <string>

using namespace d2nn::text;

TEST_CASE("each length of UTF-8 is decoded") {
  const std::string text = "a\xC3\xA9\xE2\x86\x92\xF0\x9F\x99\x82";  // a é → 🙂
  std::size_t at = 0;
  for (const char32_t expected : {U'a', U'\u00E9', U'\u2192', U'\U0001F642'}) {
    const CodePoint point = decode_utf8(text, at);
    CHECK(point.is_valid);
    CHECK(point.value == expected);
    at += point.length;
  }
  CHECK(at == text.size());
  CHECK(count_code_points(text) == 4);
}

TEST_CASE("bytes that are not UTF-8 stand alone and count one each") {
  // A continuation byte, an overlong form, a surrogate, a value beyond U+10FFFF, a lead byte that never leads,
  // truncations.
  for (const std::string text :
       {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xE2\x86", "\xF0\x9F"}) {
    CAPTURE(text.size());
    const CodePoint point = decode_utf8(text, 0);
    CHECK_FALSE(point.is_valid);
    CHECK(point.length == 1);
    CHECK(count_code_points(text) == text.size());
  }
}
