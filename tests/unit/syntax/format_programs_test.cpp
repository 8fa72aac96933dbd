// The formatter on programs nobody wrote for it: every program of the repository and of its pages, and the same with
// blanks, line breaks and comments put between their tokens. D2NN_FUZZ_SEED and D2NN_FUZZ_ROUNDS choose others.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "formatted.h"
#include "parsed.h"

using namespace d2nn;
namespace fs = std::filesystem;

namespace {

struct Program {
  std::string name;
  std::string text;
};

fs::path source_folder() {
  const char* folder = std::getenv("D2NN_SOURCE_DIR");
  REQUIRE_MESSAGE(folder != nullptr, "set D2NN_SOURCE_DIR (ctest does)");
  return folder;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The code blocks of a page that are marked d2nn.
void add_code_blocks(const fs::path& page, std::vector<Program>& programs) {
  const std::string text = read(page);
  const std::string opening = "\n```d2nn\n";
  for (std::size_t at = 0; (at = text.find(opening, at)) != std::string::npos;) {
    at += opening.size();
    const std::size_t end = text.find("\n```", at);
    programs.push_back({page.string(), text.substr(at, end - at)});
    at = end;
  }
}

/// What parses of all programs in the repository's folders, in a fixed order.
const std::vector<Program>& sound_programs() {
  static const std::vector<Program> programs = [] {
    std::vector<fs::path> paths;
    for (const char* folder : {"examples", "stdlib", "tests", "docs", "tools"}) {
      if (!fs::is_directory(source_folder() / folder)) continue;
      for (const auto& entry : fs::recursive_directory_iterator(source_folder() / folder))
        paths.push_back(entry.path());
    }
    paths.push_back(source_folder() / "README.md");
    std::ranges::sort(paths);
    std::vector<Program> all;
    for (const fs::path& path : paths) {
      if (path.extension() == ".d2nn") all.push_back({path.string(), read(path)});
      if (path.extension() == ".md") add_code_blocks(path, all);
    }
    std::erase_if(all, [](const Program& program) { return !tests::Parsed(program.text).errors().empty(); });
    return all;
  }();
  return programs;
}

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

/// Puts blanks and comments where a program has blanks or signs that no blank can tear.
class Scatterer {
 public:
  explicit Scatterer(std::uint64_t seed) : random_(seed) {}

  std::string scatter(const std::string& text) {
    const std::size_t one_in = 2 + below(30);
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t length = piece_length(text, i);
      const std::string piece = text.substr(i, length);
      const bool is_sign = std::string("(){}[],;:+*%").find(piece) != std::string::npos;
      const bool is_blank = piece == " " || piece == "\n";
      if (is_sign && below(one_in) == 0) out += between();
      out += is_blank && below(one_in) == 0 ? between() : piece;
      if (is_sign && below(one_in) == 0) out += between();
      i += length;
    }
    return out;
  }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  /// A comment, a string or one byte.
  static std::size_t piece_length(const std::string& text, std::size_t at) {
    if (text.compare(at, 2, "//") == 0) return std::min(text.find_first_of("\r\n", at), text.size()) - at;
    if (text.compare(at, 2, "/*") == 0) return text.find("*/", at + 2) + 2 - at;
    if (text[at] == '"') return text.find('"', at + 1) + 1 - at;
    return 1;
  }

  std::string between() {
    static const std::vector<std::string> pieces{" ",
                                                 "  ",
                                                 "\n",
                                                 "\n\n",
                                                 "\n \t\n\n",
                                                 "\r\n",
                                                 "\t",
                                                 " // line\n",
                                                 "\n// own line\n",
                                                 " /* inline */ ",
                                                 "/**/",
                                                 "\n/* own line */\n",
                                                 "\n  /* before code */ ",
                                                 " /* behind */\n",
                                                 "\n   /* several\n        lines */\n",
                                                 " /* across\n lines */ ",
                                                 " //\n",
                                                 "// caf\xC3\xA9 \n",
                                                 "\n//// four\n"};
    std::string out = pieces[below(pieces.size())];
    if (below(4) == 0) out += pieces[below(pieces.size())];
    return out.find_first_of(" \t\r\n") == 0 ? out : " " + out;
  }

  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("every program of the repository keeps its tree and its comments, and formatting again changes nothing") {
  CHECK(sound_programs().size() > 100);
  for (const Program& program : sound_programs()) {
    CAPTURE(program.name);
    CHECK(tests::faults_of_formatting(program.text) == "");
  }
}

TEST_CASE("so do the same programs with blanks and comments between their tokens") {
  const std::uint64_t seed = from_environment("D2NN_FUZZ_SEED", 1);
  const std::uint64_t rounds = from_environment("D2NN_FUZZ_ROUNDS", 800);
  std::vector<Program> small;
  for (const Program& program : sound_programs()) {
    if (program.text.size() < 6000) small.push_back(program);
  }
  std::size_t sound = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const Program& program = small[round % small.size()];
    const std::string text = Scatterer(seed * 1000003 + round).scatter(program.text);
    if (!tests::Parsed(text).errors().empty()) continue;  // a number or an arrow was torn
    ++sound;
    CAPTURE(program.name);
    CAPTURE(seed);
    CAPTURE(round);
    const std::string faults = tests::faults_of_formatting(text);
    REQUIRE_MESSAGE(faults.empty(), faults);
  }
  CHECK(sound * 10 > rounds * 9);
}
