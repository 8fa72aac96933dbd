// Optimal string alignment distance, cut off at a limit so that hostile names cost little.
#include "sema/names.h"

#include <algorithm>

namespace d2nn::sema {

std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit) {
  const std::size_t difference = left.size() > right.size() ? left.size() - right.size() : right.size() - left.size();
  if (difference > limit) return limit + 1;
  // Three rows of the usual table: a swap looks two rows back.
  std::vector<std::size_t> before(right.size() + 1), last(right.size() + 1), row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const bool is_same = left[i - 1] == right[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (is_same ? 0 : 1)});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    if (*std::min_element(row.begin(), row.end()) > limit) return limit + 1;
  }
  return std::min(row.back(), limit + 1);
}

std::string nearest_name(std::string_view name, const std::vector<std::string_view>& candidates) {
  // Long names come from hostile files only, and every look costs their product.
  constexpr std::size_t longest = 64;
  if (name.size() > longest) return {};
  std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
  std::string_view nearest;
  for (std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate, limit);
    // Names of one or two letters resemble everything: `Q` is no misspelling of `N`.
    if (distance > limit || distance >= std::min(name.size(), candidate.size())) continue;
    nearest = candidate;
    if (distance == 0) break;
    limit = distance - 1;
    if (limit == 0) break;
  }
  return std::string(nearest);
}

}  // namespace d2nn::sema
