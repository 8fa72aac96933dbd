// The long text of a code: docs/errors/CODE.md, built into the binary.
#pragma once

#include <span>
#include <string_view>

namespace d2nn::diag {

/// A page of docs/errors as it stands in the file (Markdown).
struct Page {
  std::string_view code;
  std::string_view text;
};

/// All pages, ascending by code.
std::span<const Page> pages();

/// The page of a code; empty when it has none (find_code of catalogue.h tells whether there is such a code at all).
std::string_view long_text(std::string_view code);

}  // namespace d2nn::diag
