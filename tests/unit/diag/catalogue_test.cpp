// The catalogue against what a user can look up: every code has its page and a golden case, or a reason in
// tests/golden/exemptions.txt why not.
#include "diag/catalogue.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "diag/explain.h"

using namespace d2nn::diag;

namespace {

std::filesystem::path source_folder() {
  const char* folder = std::getenv("D2NN_SOURCE_DIR");
  REQUIRE_MESSAGE(folder != nullptr, "set D2NN_SOURCE_DIR (ctest does)");
  return folder;
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// "E0116 golden" for each line "E0116 golden REASON".
std::set<std::string> exemptions() {
  std::set<std::string> out;
  std::istringstream lines(contents(source_folder() / "tests/golden/exemptions.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string code_text, what, reason;
    words >> code_text >> what >> reason;
    CHECK_MESSAGE(!reason.empty(), (line + ": an exemption needs its reason"));
    CHECK_MESSAGE(find_code(code_text) != nullptr, (line + ": there is no such code"));
    out.insert(code_text + " " + what);
  }
  return out;
}

/// All codes that a golden case expects, as "E0106".
std::set<std::string> golden_codes() {
  std::set<std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_folder() / "tests/golden")) {
    if (entry.path().extension() != ".d2nn") continue;
    const std::string text = contents(entry.path());
    for (std::size_t at = text.find("[E"); at != std::string::npos; at = text.find("[E", at + 1)) {
      if (at + 6 < text.size() && text[at + 6] == ']') out.insert(text.substr(at + 1, 5));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("codes are looked up by their text") {
  REQUIRE(find_code("E0104") != nullptr);
  CHECK(std::string(find_code("E0104")->title) == "too deeply nested");
  CHECK(find_code("E0100") == nullptr);
  CHECK(find_code("") == nullptr);
  CHECK(code("E0101") == &catalogue[0]);
}

TEST_CASE("every code has a golden case or a reason why not") {
  const std::set<std::string> exempt = exemptions();
  const std::set<std::string> seen = golden_codes();
  for (const DiagnosticCode& entry : catalogue) {
    const std::string text = entry.code;
    const bool is_exempt = exempt.contains(text + " golden");
    CHECK_MESSAGE((seen.contains(text) || is_exempt), (text + ": no golden case expects it"));
    CHECK_MESSAGE(!(seen.contains(text) && is_exempt), (text + ": has a golden case, its exemption is stale"));
  }
}

TEST_CASE("every code has a page that begins with its number and title, and every page a code") {
  const std::set<std::string> exempt = exemptions();
  for (const DiagnosticCode& entry : catalogue) {
    const std::string text = entry.code;
    const std::string_view page = long_text(text);
    CHECK_MESSAGE((!page.empty() || exempt.contains(text + " page")), ("docs/errors/" + text + ".md is missing"));
    if (!page.empty())
      CHECK_MESSAGE(page.starts_with("# " + text + ": " + entry.title + "\n"),
                    (text + ": the page's first line is not `# " + text + ": " + entry.title + "`"));
  }
  for (const Page& page : pages())
    CHECK_MESSAGE(find_code(page.code) != nullptr, (std::string(page.code) + ": a page without a code"));
}
