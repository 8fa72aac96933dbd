// Which misspelt names get a proposal, and which.
#include "sema/names.h"

#include <doctest/doctest.h>

using d2nn::sema::edit_distance;
using d2nn::sema::nearest_name;

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps, up to its limit") {
  CHECK(edit_distance("relu", "relu", 3) == 0);
  CHECK(edit_distance("rellu", "relu", 3) == 1);
  CHECK(edit_distance("rleu", "relu", 3) == 1);
  CHECK(edit_distance("maxpool", "max_pool", 3) == 1);
  CHECK(edit_distance("conv", "dense", 3) == 4);
  CHECK(edit_distance("kitten", "sitting", 5) == 3);
  CHECK(edit_distance("", "abc", 5) == 3);
  CHECK(edit_distance("abc", "", 2) == 3);
}

TEST_CASE("the nearest name is proposed only when it resembles") {
  CHECK(nearest_name("sofmax", {"relu", "softmax"}) == "softmax");
  CHECK(nearest_name("stemm", {"stem", "steam"}) == "stem");
  CHECK(nearest_name("Q", {"N", "x"}).empty());
  CHECK(nearest_name("transformer", {"relu", "conv"}).empty());
  CHECK(nearest_name("N2", {"N1", "N3"}) == "N1");
  CHECK(nearest_name("anything", {}).empty());
  CHECK(nearest_name(std::string(100000, 'a'), {"a"}).empty());
}
