// Each pass off, all off, and decisions fixed at compile time: the same results, paths and costs as the reference.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "diag/render.h"
#include "differential/comparison.h"
#include "differential/program_generator.h"

using namespace d2nn;
using passes::PassSet;

namespace {

void compare(driver::Checked& checked, const PassSet& passes, std::uint64_t seed, bool is_clear = true) {
  INFO(diag::render(checked.sink, checked.files, {}));
  REQUIRE_FALSE(checked.sink.has_errors());
  differential::Comparison comparison;
  comparison.seed = seed;
  comparison.jit_levels = {0};
  comparison.shared_levels = {};
  comparison.passes = passes;
  std::size_t compared = 0;
  CHECK(differential::compare_all_ways(checked, comparison, compared) == "");
  if (is_clear) CHECK(compared > 0);
}

void compare_seeds(const PassSet& passes, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t seed = begin; seed < end; ++seed) {
    const differential::GeneratedProgram program = differential::generate_program(seed);
    driver::Checked checked = driver::check_text("seed" + std::to_string(seed) + ".d2nn", program.text, {});
    CAPTURE(seed);
    INFO(program.text);
    compare(checked, passes, seed, false);
  }
}

PassSet all_off() {
  PassSet passes;
  for (const passes::PassInfo& info : passes::pipeline) passes.disable(info.pass);
  return passes;
}

// Every way in which a value can be needed on some paths only: heads of a cascade, a stem that one branch alone reads,
// a chain of nodes behind a decision, a choice among three, and a value needed by a decision that comes late.
constexpr const char* partly_needed = R"(
network partly_needed {
  input x: f32[3, 9, 9];
  node N1 { conv(3x3, 4, pad: 1) -> relu }
  node H1 { dense(3) }
  control Q1 { dense(actions) }
  node N2 { conv(3x3, 4, pad: 1) -> batch_norm -> relu }
  node H2 { dense(3) }
  control Q2 { dense(actions) }
  node N3 { dense(3) }
  node wide { dense(12) -> relu }
  node wider { dense(16) -> relu }
  node A { dense(5) }
  node B { dense(5) }
  node C { dense(5) }
  control pick { dense(actions) }
  node late join first { dense(4) }
  control Q4 { dense(actions) }
  output y: f32[3] join last required;
  output z: f32[5] join sum required;
  output w: f32[4] join last;
  x -> N1 -> H1, Q1;
  x -> N2 -> H2, Q2;
  N2 -> N3;
  H1, H2, N3 -> y;
  Q1 ~> stop: none, go: N2;
  Q2 ~> stop: none, go: N3;
  x -> wide -> wider -> A;
  x -> B, C, pick;
  A, B, C -> z default 0;
  pick ~> a: A, b: B, c: C, nothing: none;
  H2, H1 -> late;
  x -> Q4;
  late -> w;
  Q4 ~> yes: late, no: none;
})";

// Layers that follow each other in all ways in which they can become one, and in those in which they must not.
constexpr const char* chains = R"(
network chains {
  input x: f32[4, 6, 10];
  node A { layer_norm(over: channels) -> gelu -> tanh }
  node B { group_norm(2) -> hard_swish -> mean([1, 2]) -> sigmoid }
  node C(h, gate) { let g = gate -> relu; (g * h + h * 0.5) -> softmax }
  node D(h) { let up = h -> upsample(2) -> relu; up * (up -> sigmoid) }
  node E(h, c) { let s = h * h + c; (s -> clamp(min: -1, max: 1)) - s }
  output a: f32[4, 6, 10];
  output c: f32[4, 6, 10];
  output d: f32[4, 12, 20];
  output e: f32[4, 6, 10];
  x -> A -> a;
  x -> B -> C.gate;
  A -> C.h;
  C -> c;
  x -> D.h;
  D -> d;
  x -> E.h;
  C -> E.c;
  E -> e;
})";

// What is computed element by element behind every kind of kernel: with further operands, of one row and of many,
// behind a convolution that the library may run, before a pool.
constexpr const char* stages = R"(
network stages {
  input x: f32[32, 9, 9];
  node A(h) {
    let c = h -> conv(3x3, 32, pad: 1) -> batch_norm;
    let d = h -> conv(1x1, 32) -> hard_swish;
    let s = c + d;
    s -> relu
  }
  node B(h) { let c = h -> conv(3x3, 6, pad: 1, stride: 2) -> gelu; let g = c * (c -> sigmoid); g -> max_pool(2x2) }
  node C(h) { let d = h -> dense(7) -> elu(alpha: 0.5); let e = h -> dense(7); let s = d - e * d; s -> clamp(min: -0.2, max: 0.2) }
  node D(h) {
    let v = h -> reshape(18x144) -> linear(20);
    let w = v + (v -> linear(20) -> silu);
    let p = w @ (w -> permute([1, 0]));
    ((p * 0.125) -> leaky_relu(slope: 0.3)) + p
  }
  node E(h) { let c = h -> conv(5x5, 32, pad: 2, groups: 32) -> relu6; let s = c * 0.5 + h; s -> max_pool(3x3, stride: 2) }
  // Kernels that differ in what they apply alone.
  node F(h) { let a = h -> conv(1x1, 4) -> leaky_relu(slope: 0.1); let b = h -> conv(1x1, 4) -> leaky_relu(slope: 0.7); a - b }
  output a: f32[32, 9, 9];
  output b: f32[6, 2, 2];
  output c: f32[7];
  output d: f32[18, 18];
  output e: f32[32, 4, 4];
  output f: f32[4, 9, 9];
  x -> A.h;
  A -> a;
  x -> B.h;
  B -> b;
  B -> C.h;
  C -> c;
  A -> D.h;
  D -> d;
  x -> E.h;
  E -> e;
  x -> F.h;
  F -> f;
})";

}  // namespace

TEST_CASE("with each pass off generated programs agree with the reference") {
  std::uint64_t seed = 301;
  for (const passes::PassInfo& info : passes::pipeline) {
    CAPTURE(info.name);
    PassSet passes;
    passes.disable(info.pass);
    compare_seeds(passes, seed, seed + 12);
    seed += 12;
  }
}

TEST_CASE("with all passes on and off generated programs agree with the reference") {
  compare_seeds({}, 401, 421);
  compare_seeds(all_off(), 401, 421);
}

TEST_CASE("values that are needed on some paths only agree with the reference, each pass on and off") {
  const auto compare_with = [](const PassSet& passes) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      CAPTURE(seed);
      driver::Checked checked = driver::check_text("partly_needed.d2nn", partly_needed, {});
      compare(checked, passes, seed);
    }
  };
  compare_with({});
  compare_with(all_off());
  for (const passes::PassInfo& info : passes::pipeline) {
    CAPTURE(info.name);
    PassSet passes;
    passes.disable(info.pass);
    compare_with(passes);
  }
}

TEST_CASE("layers that follow each other agree with the reference, in one expression and apart") {
  for (const PassSet& passes : {PassSet{}, all_off()}) {
    driver::Checked checked = driver::check_text("chains.d2nn", chains, {});
    compare(checked, passes, 1);
  }
}

TEST_CASE("what is computed element by element agrees with the reference, in the kernels before it and apart") {
  const auto compare_without = [](std::initializer_list<passes::Pass> off) {
    PassSet passes;
    for (const passes::Pass pass : off) passes.disable(pass);
    driver::Checked checked = driver::check_text("stages.d2nn", stages, {});
    compare(checked, passes, 1);
  };
  compare_without({});
  compare_without({passes::Pass::fuse_chain});
  compare_without({passes::Pass::fuse_pointwise});
  compare_without({passes::Pass::fuse_chain, passes::Pass::fuse_pointwise});
  compare_without({passes::Pass::fuse_pool});
}

TEST_CASE("with each pass off the cascade agrees with the reference") {
  for (const passes::PassInfo& info : passes::pipeline) {
    CAPTURE(info.name);
    PassSet passes;
    passes.disable(info.pass);
    driver::Checked checked =
        driver::check_file(std::string(std::getenv("D2NN_SOURCE_DIR")) + "/examples/cascade/cascade.d2nn", {});
    compare(checked, passes, 1);
  }
}

TEST_CASE("networks with fixed decisions agree with the reference") {
  for (std::uint64_t seed = 501; seed < 541; ++seed) {
    const differential::GeneratedProgram generated = differential::generate_program(seed);
    driver::Checked checked = driver::check_text("fixed.d2nn", generated.text, {});
    INFO(generated.text);
    CAPTURE(seed);
    REQUIRE_FALSE(checked.sink.has_errors());
    graph::Program& program = checked.programs.front();
    std::uint32_t turn = static_cast<std::uint32_t>(seed);
    for (const graph::NodeId id : graph::nodes_of(program, graph::NodeKind::control)) {
      const auto actions = static_cast<std::uint32_t>(program[id].actions.size());
      if (++turn % 3 != 0) program[id].fixed_action = turn % actions;
    }
    compare(checked, seed % 2 == 0 ? PassSet{} : all_off(), seed, false);
  }
}
