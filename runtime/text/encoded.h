// Names of files in JSON. A name may hold any bytes, a JSON string only UTF-8. A name that is not UTF-8 is written
// twice: for people, with U+FFFD in place of each wrong byte, and under KEY_encoded, percent-encoded as in a URI, so
// that the bytes can be recovered. A name that is UTF-8 is written once, unchanged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace d2nn::text {

bool is_utf8(std::string_view bytes);

/// The bytes with U+FFFD in place of each that is not UTF-8.
std::string to_utf8(std::string_view bytes);

/// As in a URI: letters, digits and `/-_.~` stay, any other byte becomes %XX.
std::string percent_encode(std::string_view bytes);

/// The bytes that percent_encode() was given; nothing for a `%` that two hexadecimal digits do not follow.
std::optional<std::string> percent_decode(std::string_view encoded);

/// The key of what percent_encode() makes of the value of `key`.
inline std::string encoded_key(const std::string& key) {
  return key + "_encoded";
}

/// Sets `key` in a JSON object (nlohmann's, or a map of strings) to a string of any bytes, as described above.
template <class Object>
void put(Object& object, const std::string& key, std::string_view bytes) {
  object[key] = to_utf8(bytes);
  if (!is_utf8(bytes)) object[encoded_key(key)] = percent_encode(bytes);
}

/// The same for a list: KEY_encoded holds all of its words as soon as one is not UTF-8.
template <class Object, class Words>
void put_words(Object& object, const std::string& key, const Words& words) {
  bool is_plain = true;
  auto& shown = object[key] = Object::array();
  for (const auto& word : words) {
    shown.push_back(to_utf8(word));
    is_plain = is_plain && is_utf8(word);
  }
  if (is_plain) return;
  auto& encoded = object[encoded_key(key)] = Object::array();
  for (const auto& word : words) encoded.push_back(percent_encode(word));
}

}  // namespace d2nn::text
