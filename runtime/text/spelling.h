// How names are spelled, and "did you mean": the one measure of likeness between words, for keywords, names, layers and
// options alike.
#pragma once

#include <span>
#include <string_view>

namespace d2nn::text {

/// What names of the language are made of: letters, digits, underscores.
bool is_name_char(char c);

/// The candidate most like `word`, empty when none is near: at most one change (insert, delete, replace, swap of
/// neighbours) for words of up to four characters, two for longer ones, case ignored. The first of several equally
/// near.
std::string_view closest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace d2nn::text
