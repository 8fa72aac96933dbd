#include "lsp/transport.h"

#include <charconv>
#include <istream>
#include <optional>
#include <ostream>
#include <string_view>

namespace d2nn::lsp {
namespace {

constexpr std::size_t longest_header_line = 4096;

/// A line of the header without its line break; nothing at the end of the stream or when it is too long.
std::optional<std::string> header_line(std::istream& in) {
  std::string line;
  for (char c; in.get(c);) {
    if (c == '\n') {
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    line += c;
    if (line.size() > longest_header_line) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::size_t> content_length(const std::string& line) {
  constexpr std::string_view key = "content-length:";
  if (line.size() < key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char c = line[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != key[i]) return std::nullopt;
  }
  const std::size_t begin = line.find_first_not_of(" \t", key.size());
  if (begin == std::string::npos) return std::nullopt;
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(line.data() + begin, line.data() + line.size(), length);
  return error == std::errc{} && end == line.data() + line.size() ? std::optional(length) : std::nullopt;
}

/// Whether brackets outside of strings stand deeper than `deepest_nesting`; what is not JSON may give either answer.
bool is_nested_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      if (++depth > deepest_nesting) return true;
    } else if (!in_string && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Received read_message(std::istream& in, std::string& text) {
  if (in.peek() == std::istream::traits_type::eof()) return Received::end;
  std::optional<std::size_t> length;
  while (true) {
    const std::optional<std::string> line = header_line(in);
    if (!line) return Received::broken_frame;
    if (line->empty()) break;
    if (const auto found = content_length(*line)) length = found;
  }
  if (!length || *length > longest_message_bytes) return Received::broken_frame;
  text.resize(*length);
  in.read(text.data(), static_cast<std::streamsize>(*length));
  return static_cast<std::size_t>(in.gcount()) == *length ? Received::message : Received::broken_frame;
}

Json parse_message(const std::string& text) {
  if (is_nested_too_deep(text)) return Json(Json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}

void write_message(std::ostream& out, const Json& message) {
  // Bytes of a program that are not UTF-8 become U+FFFD.
  const std::string text = message.dump(-1, ' ', false, Json::error_handler_t::replace);
  out << "Content-Length: " << text.size() << "\r\n\r\n" << text << std::flush;
}

}  // namespace d2nn::lsp
