// Names and the nearest of them: what a misspelt one was probably meant to be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace d2nn::sema {

/// Single-character insertions, deletions, replacements and swaps of neighbours that turn one into the other; stops
/// counting above `limit` and gives limit + 1.
std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit);

/// The candidate nearest to `name` (the first of equals), when no more than a third of its letters differ; else empty.
std::string nearest_name(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace d2nn::sema
