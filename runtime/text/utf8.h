// Reading UTF-8 by hand: for columns, for carets under wide characters and for finding bytes that are not text.
#pragma once

#include <cstddef>
#include <string_view>

namespace d2nn::text {

/// One code point and how many bytes it took. Bytes that are not UTF-8 (overlong forms, surrogates and values beyond
/// U+10FFFF included) come one at a time with is_valid false and value U+FFFD.
struct CodePoint {
  char32_t value = 0;
  std::size_t length = 1;
  bool is_valid = true;
};

/// The code point that begins at `offset`, which must be below text.size().
CodePoint decode_utf8(std::string_view text, std::size_t offset);

/// Number of code points; each byte that is not UTF-8 counts one.
std::size_t count_code_points(std::string_view text);

/// The byte order mark that some editors put before a text: not part of the program.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace d2nn::text
