// Texts that ask for too much: every answer is a diagnostic, soon, and nothing wraps around or is allocated for it.
#include <doctest/doctest.h>

#include "unit/sema/checked_text.h"

using d2nn::sema::check_text;
using d2nn::sema::one_node;

TEST_CASE("layer arguments at the limits of int64 are refused") {
  const std::string greatest = "9223372036854775807";
  for (const char* layer :
       {"conv(K, 8)", "conv(3x3, K)", "conv(3x3, 8, stride: K)", "conv(3x3, 8, pad: K)", "conv(3x3, 8, dilation: K)",
        "conv(3x3, 8, groups: K)", "max_pool(K)", "avg_pool(3, pad: K)", "max_pool(3, stride: K)", "dense(K)",
        "pad_channels(K, K)", "reshape(K)"}) {
    for (const std::string& size : {greatest, "-" + greatest, "(-" + greatest + " - 1)", std::string("0")}) {
      std::string text = layer;
      for (std::size_t at = text.find('K'); at != std::string::npos; at = text.find('K', at + size.size()))
        text.replace(at, 1, size);
      CAPTURE(text);
      const std::string codes = check_text(one_node(text, "f32[3, 8, 8]")).codes();
      const bool zero_is_a_size =
          size == "0" && (text.find("pad: 0") != std::string::npos || text.find("pad_channels") == 0);
      CHECK(codes == (zero_is_a_size ? "E0302" : "E0304"));  // E0302: the layer is well, the output's type is another
    }
  }
}

TEST_CASE("tensors beyond the limit are refused wherever they arise") {
  CHECK(check_text("network n { input x: f32[9223372036854775807, 2]; output y: f32[1]; x -> y; }").codes() == "E0308");
  CHECK(check_text("network n { input x: f32[65536, 32769]; output y: f32[65536, 32769]; x -> y; }").codes() ==
        "E0308 E0308");
  CHECK(check_text(one_node("dense(1000000000000)")).codes() == "E0304");
  CHECK(check_text(one_node("dense(2147483648)")).codes() == "E0308");
  CHECK(check_text("network n { input x: f32[2]; dummy d: f32[2147483648] = 0; output y: f32[2] join sum; x, d -> y; }")
            .codes() == "E0308");
  CHECK(
      check_text(
          "network n { input x: f32[2147483648]; output y: f32[2] join concat; input z: f32[2147483648]; x, z -> y; }")
          .codes() == "E0308");
}

TEST_CASE("lists that would declare billions of edges are cut short") {
  std::string names, items;
  constexpr int count = 520;  // squared: above the limit of 262144
  for (int i = 0; i < count; ++i) {
    items += "node S" + std::to_string(i) + " { } node T" + std::to_string(i) + " join first { } ";
    names += (i == 0 ? "S" : ", S") + std::to_string(i);
  }
  std::string targets = names;
  for (char& letter : targets) letter = letter == 'S' ? 'T' : letter;
  CHECK(check_text("network n { input x: f32[1]; output y: f32[1] join first; " + items + "x -> " + names + "; " +
                   names + " -> " + targets + "; " + targets + " -> y; }")
            .codes() == "E0308");
}

TEST_CASE("a name repeated thousands of times in one list is named each time, and no edges multiply") {
  std::string list = "A";
  for (int i = 0; i < 2000; ++i) list += ", A";
  const auto checked =
      check_text("network n { input x: f32[1]; node A { } output y: f32[1]; x -> A; " + list + " -> y; }");
  CHECK(checked.sink.error_count() == 2000);
}

TEST_CASE("a chain of ten thousand nodes is checked") {
  std::string items = "network n { input x: f32[1]; output y: f32[1] required; ", edges = "x";
  for (int i = 0; i < 10000; ++i) {
    items += "node N" + std::to_string(i) + " { relu } ";
    edges += " -> N" + std::to_string(i);
  }
  const auto checked = check_text(items + edges + " -> y; }");
  CHECK(checked.codes().empty());
  CHECK(checked.programs.size() == 1);
}

TEST_CASE("networks without nodes, edges or bodies are answered") {
  CHECK(check_text("").codes().empty());
  CHECK(check_text("network n {}").codes() == "E0409");
  CHECK(check_text("network n { output y: f32[1]; }").codes() == "E0406");
  CHECK(check_text("network n { control Q { } }").codes() == "E0409 E0504 E0406");
}
