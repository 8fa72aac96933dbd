// The programs of examples/ and those of the slides: compiled code against the reference interpreter.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "diag/render.h"
#include "differential/comparison.h"

using namespace d2nn;

namespace {

void compare(driver::Checked checked, const differential::Comparison& comparison) {
  INFO(diag::render(checked.sink, checked.files, {}));
  REQUIRE_FALSE(checked.sink.has_errors());
  std::size_t compared = 0;
  CHECK(differential::compare_all_ways(checked, comparison, compared) == "");
  CHECK(compared >= comparison.samples / 2);
}

using Definitions = std::vector<std::pair<std::string, std::string>>;

driver::Checked check_file(const std::string& name, const Definitions& definitions) {
  sema::CheckOptions options;
  options.definitions = definitions;
  return driver::check_file(std::string(std::getenv("D2NN_SOURCE_DIR")) + "/" + name, options);
}

void compare_file(const std::string& name, std::size_t samples, const Definitions& definitions = {}) {
  compare(check_file(name, definitions), {.samples = samples});
}

void compare_text(const std::string& text) {
  compare(driver::check_text("test.d2nn", text, {}), {.samples = 40});
}

}  // namespace

TEST_CASE("high_low agrees with the reference") {
  compare_file("examples/high_low/high_low.d2nn", 70);
}

TEST_CASE("cascade agrees with the reference") {
  compare_file("examples/cascade/cascade.d2nn", 24);
}

TEST_CASE("chain agrees with the reference") {
  compare_file("examples/chain/chain.d2nn", 24);
}

TEST_CASE("cmnist_chain agrees with the reference") {
  compare_file("examples/cmnist_chain/cmnist_chain.d2nn", 12);
}

TEST_CASE("hierarchy of small images agrees with the reference") {
  compare_file("examples/hierarchy/hierarchy.d2nn", 12, {{"size", "32"}});
}

TEST_CASE("residual networks with one block per stage agree with the reference") {
  for (const char* name : {"resnet_cifar", "cifar_cascade", "resnet_skip"}) {
    CAPTURE(name);
    compare_file(std::string("examples/") + name + "/" + name + ".d2nn", 12, {{"n", "1"}});
  }
}

TEST_CASE("resnet_skip with its 54 gates agrees with the reference") {
  compare(check_file("examples/resnet_skip/resnet_skip.d2nn", {}),
          {.samples = 4, .jit_levels = {3}, .shared_levels = {3}});
}

TEST_CASE("the networks of figure1 agree with the reference") {
  for (const char* name : {"with_dummy", "with_default", "with_null"}) {
    CAPTURE(name);
    compare_file(std::string("examples/figure1/") + name + ".d2nn", 40);
  }
}

TEST_CASE("one control node with a dummy agrees with the reference") {
  compare_text(R"(
network with_dummy {
  input x: f32[6];
  dummy zero: f32[3] = 0.5;
  control Q { dense(actions) }
  node N { dense(3) -> relu }
  output y: f32[3] join last;
  x -> Q, N;
  zero, N -> y;
  Q ~> run: N, skip: zero;
})");
}

TEST_CASE("Q controlling N2 and N3 with a default agrees with the reference") {
  compare_text(R"(
network with_default {
  input x: f32[3, 9, 9];
  node N1 { conv(3x3, 4, pad: 1) -> relu }
  control Q { dense(actions) }
  node N2 { dense(5) }
  node N3 { dense(5) }
  output y: f32[5] join sum required;
  x -> N1 -> N2, N3, Q;
  N2 -> y default 0;
  N3 -> y default [1, 2, 3, 4, 5];
  Q ~> left: N2, right: N3, both: {N2, N3}, nothing: none;
})");
}

TEST_CASE("Q controlling N2 and N3 with null agrees with the reference") {
  compare_text(R"(
network with_null {
  input x: f32[3, 9, 9];
  node N1 { conv(3x3, 4, pad: 1) -> relu }
  control Q { dense(actions) }
  node N2 { dense(5) }
  node N3 { dense(5) }
  node N4 { dense(2) }
  output y: f32[2];
  output either: f32[5] join first;
  x -> N1 -> N2, N3, Q;
  N2 -> N4 -> y;
  N2, N3 -> either;
  Q ~> left: N2, right: N3, nothing: none;
})");
}
