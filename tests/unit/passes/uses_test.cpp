// Needs and hints, on programs small enough to know the answer.
#include "paths/uses.h"

#include <doctest/doctest.h>

#include "cascades.h"

using namespace d2nn;
using namespace d2nn::paths;
using tests::node_named;

TEST_CASE("a need is one step where one decision settles it") {
  const graph::Program program = tests::cascade();
  const Uses uses = find_uses(program, true);
  REQUIRE(uses.gave_up.empty());
  const Need& need = uses.needs[node_named(program, "head").index];
  REQUIRE(need.when == Need::When::depends);
  REQUIRE(need.steps.size() == 1);
  CHECK(need.steps[0].control == node_named(program, "Q"));
  CHECK(need.steps[0].next == std::vector<std::uint32_t>{1, 0});
  CHECK(uses.needs[node_named(program, "stem").index].when == Need::When::always);
  CHECK(find_uses(program, false).needs[node_named(program, "head").index].when == Need::When::always);
}

TEST_CASE("a value that its own control node needs is needed always") {
  const graph::Program program = tests::cascade();
  CHECK(find_uses(program, true).needs[node_named(program, "Q").index].when == Need::When::always);
}

TEST_CASE("a fixed control node is not needed, and what it excludes never executes") {
  graph::Program program = tests::cascade();
  program[node_named(program, "Q")].fixed_action = 1;
  const Uses uses = find_uses(program, true);
  CHECK(uses.needs[node_named(program, "Q").index].when == Need::When::never);
  CHECK(uses.needs[node_named(program, "head").index].when == Need::When::never);
  CHECK(uses.needs[node_named(program, "stem").index].when == Need::When::never);
  program[node_named(program, "Q")].fixed_action = 0;
  CHECK(find_uses(program, true).never_executes[node_named(program, "next").index]);
}

TEST_CASE("the hint names the actions and what the edge saves") {
  const graph::Program program = tests::cascade();
  const std::vector<UnusedWork> hints = find_unused_work(program, 10);
  REQUIRE(hints.size() == 1);
  CHECK(hints[0].node == node_named(program, "head"));
  CHECK(hints[0].control == node_named(program, "Q"));
  CHECK(hints[0].needed == std::vector<std::uint32_t>{0});
  CHECK(hints[0].unneeded == std::vector<std::uint32_t>{1});
  CHECK(hints[0].saved == 16);
  CHECK_FALSE(hints[0].saves_more);
  CHECK(find_unused_work(program, 0).empty());
}

TEST_CASE("there is no hint where every branch needs what it runs") {
  CHECK(find_unused_work(tests::choice(), 10).empty());
}
