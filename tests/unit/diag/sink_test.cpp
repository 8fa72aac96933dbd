// What a Sink takes as said before.
#include <doctest/doctest.h>

#include <string>

#include "diag/catalogue.h"
#include "diag/diagnostic.h"

using namespace d2nn::diag;

namespace {

std::size_t kept(const std::string& first, const std::string& second, std::uint32_t second_begin = 3) {
  Sink sink;
  sink.report({.code = code("E0301"), .message = first, .range = {d2nn::source::FileId{}, 3, 9}});
  sink.report({.code = code("E0301"), .message = second, .range = {d2nn::source::FileId{}, second_begin, 9}});
  return sink.sorted().size();
}

}  // namespace

TEST_CASE("members of a family say one mistake once") {
  CHECK(kept("`leaf[2]` has no output", "`leaf[17]` has no output") == 1);
  CHECK(kept("`leaf2[3]` has no output", "`leaf2[4]` has no output") == 1);
  CHECK(kept("`f32leaf[3]` has no output", "`f32leaf[4]` has no output") == 1);
  CHECK(kept("`xf32[3]` has no output", "`xf32[4]` has no output") == 1);
}

TEST_CASE("shapes, lists, other places and other names are not indices") {
  CHECK(kept("gives f32[8]", "gives f32[16]") == 2);
  CHECK(kept("f32[8] is given", "f32[16] is given") == 2);
  CHECK(kept("the sizes [8]", "the sizes [16]") == 2);
  CHECK(kept("`leaf[2]` has no output", "`leaf[2]` has no output", 4) == 2);
  CHECK(kept("`leaf[2]` has no output", "`twig[2]` has no output") == 2);
}
