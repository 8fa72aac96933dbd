// What must hold for any bytes given to the parser: shared by the libFuzzer entry and the seeded loop.
#pragma once

#include <string>
#include <string_view>

namespace d2nn::tests {

/// Parses `text` and prints what was said in every form. A sound text is formatted twice. Returns an empty
/// string, or what does not hold: a diagnostic without code or message, a place outside the file, a second formatting
/// that changes something. (Crashes, hangs and undefined behaviour are the caller's tools to see.)
std::string parse_once(std::string_view text);

}  // namespace d2nn::tests
