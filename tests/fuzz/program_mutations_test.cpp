// The whole front end on programs that are nearly right: generated ones with words deleted, doubled, swapped or
// replaced, so that names, numbers and statements end up where they do not belong. Whatever comes, check() reports or
// gives sound programs, within bounded time. D2NN_FUZZ_SEED and D2NN_FUZZ_ROUNDS make it longer.
#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "differential/program_generator.h"
#include "differential/random_source.h"
#include "from_environment.h"
#include "fuzz/program_once.h"

using namespace d2nn;

namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

bool is_long_sign(const std::string& two) {
  static const std::set<std::string> signs{"->", "~>", "==", "!=", "<=", ">=", "&&", "||"};
  return signs.contains(two);
}

/// Words and signs, blanks left out.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (is_name_char(text[at])) {
      while (end < text.size() && is_name_char(text[end])) ++end;
    } else if (is_long_sign(text.substr(at, 2))) {
      ++end;
    }
    if (text[at] != ' ' && text[at] != '\n') words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

/// Words of one kind stand in for each other without a syntax error: numbers, names, signs.
int kind_of(const std::string& word) {
  if (word[0] >= '0' && word[0] <= '9') return 0;
  return is_name_char(word[0]) ? 1 : 2;
}

std::string mutated(const std::string& text, differential::RandomSource& random) {
  static const std::vector<std::string> pieces{"0",
                                               "1",
                                               "-",
                                               "9223372036854775807",
                                               "99999999",
                                               "1e308",
                                               "0.5",
                                               "true",
                                               "3x3",
                                               "0x0",
                                               "2147483647x2147483647",
                                               "actions",
                                               "repeat 3 { relu }",
                                               "repeat 100000000 { identity }",
                                               "repeat i in 0..3 { dense(i + 1) }",
                                               "repeat i in 0..9223372036854775807 { identity }",
                                               "if c { relu } else { tanh }",
                                               "if true { x -> y; } else { node later { relu } }",
                                               "const l = [1, [2, 3x3], true];",
                                               "l[0]",
                                               "len(l)",
                                               "Q ~> pick[0]: N;",
                                               "* 0.5",
                                               "@",
                                               "for i in 0..3 { node fam[i] { relu } }",
                                               "for i in 0..1000000000 { x -> y; }",
                                               "block loop()(x) { x -> loop }",
                                               "import std.vision;",
                                               "import \"self.d2nn\" as me;",
                                               "as _",
                                               "as a.b.0",
                                               "join last",
                                               "required",
                                               "default 0",
                                               "default [1, [2]]",
                                               "none",
                                               "N[0]",
                                               "N",
                                               "Q",
                                               "in0",
                                               "{",
                                               "}",
                                               "(",
                                               ")",
                                               ";",
                                               "->",
                                               "~>",
                                               ":",
                                               ",",
                                               "conv(3x3, 4, groups: 2)",
                                               "dense(1)",
                                               "reshape(2x2)",
                                               "let v = relu;",
                                               "train { reward: cost; }",
                                               "const c = c;",
                                               "network twin { input x: f32[1]; output y: f32[1]; x -> y; }"};
  std::vector<std::string> words = words_of(text);
  for (std::int64_t i = 0, count = random.between(1, 3); i < count && words.size() > 2; ++i) {
    const std::size_t at = random.below(words.size());
    std::size_t other = random.below(words.size());
    for (int tries = 0; tries < 20 && kind_of(words[other]) != kind_of(words[at]); ++tries) {
      other = random.below(words.size());
    }
    const auto place = words.begin() + static_cast<std::ptrdiff_t>(at);
    switch (random.below(8)) {
      case 0:
        words.erase(place);
        break;
      case 1:
        words.insert(place, words[other]);
        break;
      case 2:
        std::swap(words[at], words[other]);
        break;
      case 3:
        words[at] = words[other];
        break;
      case 4:
        words.insert(place, random.pick(pieces));
        break;
      default:
        words[at] = words[other];
    }
  }
  std::string result;
  for (const std::string& word : words) result += word + " ";
  return result;
}

}  // namespace

TEST_CASE("mutated programs are refused or sound, and never take long") {
  const std::uint64_t first = from_environment("D2NN_FUZZ_SEED", 1);
  const std::uint64_t rounds = from_environment("D2NN_FUZZ_ROUNDS", 600);
  std::uint64_t sound = 0, refused = 0;
  for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
    differential::RandomSource random(seed * 7919);
    const std::string text = mutated(differential::generate_program(seed % 500).text, random);
    CAPTURE(seed);
    INFO(text);
    const auto begin = std::chrono::steady_clock::now();
    const fuzz::FrontEndResult result = fuzz::program_once(text);
    REQUIRE(result.problem == "");
    (result.is_sound ? sound : refused) += 1;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    CHECK(took.count() < 20);  // seconds, also under sanitizers on a busy machine
  }
  CHECK(refused * 2 > rounds);
  CHECK(sound > rounds / 50);
}
