// What must hold for any bytes given to the front end: shared by the libFuzzer entry and the seeded loop.
#pragma once

#include <string>
#include <string_view>

namespace d2nn::fuzz {

struct FrontEndResult {
  std::string problem;    // what does not hold; empty: all does
  bool is_sound = false;  // the text checked
};

/// Parses and checks a text. Imports find one small module, one file that imports itself, and nothing else. Either
/// errors are reported, or there are programs and graph::verify has nothing against them.
FrontEndResult program_once(std::string_view text);

}  // namespace d2nn::fuzz
