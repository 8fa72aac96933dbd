// Which words are near enough to be meant.
#include "text/spelling.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

using d2nn::text::closest;

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
  CHECK(closest("maxpol", words) == "max_pool");
}

TEST_CASE("the nearest of several words is proposed, the first of equally near ones, and none that does not resemble") {
  constexpr std::array<std::string_view, 4> stems{"stem", "steam", "N1", "N3"};
  CHECK(closest("stemm", stems) == "stem");
  CHECK(closest("STEAM", stems) == "steam");
  CHECK(closest("N2", stems) == "N1");
  CHECK(closest("n1", stems) == "N1");
  constexpr std::array<std::string_view, 2> letters{"N", "x"};
  CHECK(closest("Q", letters).empty());
  CHECK(closest("transformer", letters).empty());
  CHECK(closest(std::string(100000, 'x'), letters).empty());
  CHECK(closest("anything", {}).empty());
}
