// Which words are near enough to be meant.
#include "diag/spelling.h"

#include <doctest/doctest.h>

#include <array>
#include <string_view>

using d2nn::diag::closest;

TEST_CASE("the nearest word is found within one change for short and two for long words") {
  constexpr std::array<std::string_view, 4> words{"node", "network", "conv", "max_pool"};
  CHECK(closest("nod", words) == "node");
  CHECK(closest("ndoe", words) == "node");
  CHECK(closest("NODE", words) == "node");
  CHECK(closest("ntwrk", words) == "network");
  CHECK(closest("maxpool", words) == "max_pool");
  CHECK(closest("conv2d", words) == "conv");
  CHECK(closest("dens", words).empty());
  CHECK(closest("", words).empty());
  CHECK(closest("nn", words).empty());
}
