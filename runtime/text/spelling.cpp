// Damerau-Levenshtein distance (restricted: no letter is moved twice), a table row at a time, cut off at a limit so
// that hostile names cost little.
#include "text/spelling.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <vector>

namespace d2nn::text {
namespace {

/// The distance, or any greater number than `limit` when it is beyond that.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > limit) return limit + 1;
  const auto lower = [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); };
  // Three rows: a swap looks two rows back.
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool is_same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (is_same ? 0 : 1)});
      const bool is_swap = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (is_swap) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    if (*std::ranges::min_element(row) > limit) return limit + 1;
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view closest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t longest_word = 64;  // nobody mistypes longer ones, and the measure is quadratic
  if (word.size() > longest_word) return {};
  std::string_view best;
  std::size_t limit = word.size() <= 4 ? 1 : 2;
  for (const std::string_view candidate : candidates) {
    const std::size_t found = distance(word, candidate, limit);
    // Names of one or two letters resemble everything: `Q` is no misspelling of `N`.
    if (found > limit || found >= std::min(word.size(), candidate.size())) continue;
    best = candidate;
    if (found == 0) break;
    limit = found - 1;
  }
  return best;
}

}  // namespace d2nn::text
