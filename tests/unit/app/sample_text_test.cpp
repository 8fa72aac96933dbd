// What people read about a sample.
#include "app/sample_text.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <numeric>
#include <vector>

#include "fake_module.h"

using namespace d2nn::app;

TEST_CASE("an answer is the place of the largest value, with the values") {
  CHECK(answer_text(std::array{0.125f, 2.5f}, true) == "1 of 2 (0.125, 2.5)");
  CHECK(answer_text(std::array{3.0f, 3.0f, 1.0f}, true) == "0 of 3 (3, 3, 1)");
  CHECK(answer_text(std::array{0.5f}, true) == "0.5");
  CHECK(answer_text(std::array{0.5f, 1.0f}, false) == "null");
}

TEST_CASE("of many values the five largest are shown, and NaN is never the answer when there is a number") {
  std::vector<float> values(20);
  std::iota(values.begin(), values.end(), 0.0f);
  CHECK(answer_text(values, true) == "19 of 20 (19: 19, 18: 18, 17: 17, 16: 16, 15: 15, ...)");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(answer_text(std::array{nan, -1.0f}, true).find("1 of 2") == 0);
}

TEST_CASE("a path names the action of every control node, executed nodes stand in their order") {
  const std::array<std::int32_t, 2> actions{1, -1};
  CHECK(path_text(*fork_module(), actions.data()) == "Q: low, R: skipped");
  const std::array<std::uint8_t, 6> executed{1, 1, 0, 1, 0, 0};
  CHECK(executed_text(*fork_module(), executed.data()) == "N1 Q N3");
}

TEST_CASE("counts are grouped by thousands") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1000) == "1,000");
  CHECK(count_text(1234567) == "1,234,567");
  CHECK(count_text(-1000) == "-1,000");
}
