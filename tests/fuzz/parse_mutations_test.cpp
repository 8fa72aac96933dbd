// The parse fuzzer's loop for every build: the corpus and seeded mutations of it. D2NN_FUZZ_SEED and D2NN_FUZZ_ROUNDS
// choose others; a failure prints the seed and the text.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "from_environment.h"
#include "parse_once.h"

namespace {

std::vector<std::string> corpus() {
  const char* folder = std::getenv("D2NN_SOURCE_DIR");
  REQUIRE_MESSAGE(folder != nullptr, "set D2NN_SOURCE_DIR (ctest does)");
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(folder) / "tests/fuzz/corpus/parse")) {
    paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<std::string> texts;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return texts;
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& texts, std::uint64_t seed) : texts_(texts), random_(seed) {}

  std::string next() {
    std::string text = texts_[below(texts_.size())];
    for (std::size_t changes = 1 + below(6); changes > 0; --changes) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound); }

  void change(std::string& text) {
    static const std::vector<std::string> pieces = {"{",
                                                    "}",
                                                    "(",
                                                    ")",
                                                    "[",
                                                    "]",
                                                    ";",
                                                    ",",
                                                    "->",
                                                    "~>",
                                                    ":",
                                                    ".",
                                                    "..",
                                                    "=",
                                                    "network ",
                                                    "node ",
                                                    "input ",
                                                    "control ",
                                                    "as ",
                                                    "default ",
                                                    "join ",
                                                    "repeat 2 {",
                                                    "for i in 0..2 {",
                                                    "let ",
                                                    "return ",
                                                    "train {",
                                                    "3x3",
                                                    "1.5",
                                                    "7.",
                                                    "\"",
                                                    "/*",
                                                    "*/",
                                                    "//",
                                                    "///",
                                                    "\xC3\xA9",
                                                    "\xFF",
                                                    "-",
                                                    "!",
                                                    "&&",
                                                    "\n",
                                                    "@",
                                                    "\xE2\x86\x92"};
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(below(12), text.size() - at);
    switch (below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, pieces[below(pieces.size())]);
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 3:
        text.insert(below(text.size() + 1), text.substr(at, length));
        break;
      default: {
        const std::string& other = texts_[below(texts_.size())];
        text.insert(at, other.substr(below(other.size() + 1), below(60)));
      }
    }
  }

  const std::vector<std::string>& texts_;
  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("the parser takes the corpus and thousands of mutations of it") {
  const std::vector<std::string> texts = corpus();
  REQUIRE(texts.size() >= 5);
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK(d2nn::tests::parse_once(text) == "");
  }
  const std::uint64_t seed = from_environment("D2NN_FUZZ_SEED", 20260101);
  const std::uint64_t rounds = from_environment("D2NN_FUZZ_ROUNDS", 3000);
  MESSAGE("D2NN_FUZZ_SEED=" << seed << " D2NN_FUZZ_ROUNDS=" << rounds);
  Mutator mutator(texts, seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::string text = mutator.next();
    CAPTURE(seed);
    CAPTURE(round);
    CAPTURE(text);
    REQUIRE(d2nn::tests::parse_once(text) == "");
  }
}
