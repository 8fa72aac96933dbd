// Looks pages up; the pages themselves are in pages.cpp, made by embed_pages.cmake.
#include "diag/explain.h"

#include <algorithm>

namespace d2nn::diag {

std::string_view long_text(std::string_view code) {
  const std::span<const Page> all = pages();
  const auto found = std::ranges::find(all, code, &Page::code);
  return found == all.end() ? std::string_view{} : found->text;
}

}  // namespace d2nn::diag
