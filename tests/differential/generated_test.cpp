// Generated programs against the reference interpreter, in every way they can run. A failure prints the seed and the program.
#include <doctest/doctest.h>

#include "diag/render.h"
#include "differential/comparison.h"
#include "differential/program_generator.h"

using namespace d2nn;

namespace {

void compare_seeds(std::uint64_t begin, std::uint64_t end) {
  std::size_t compared = 0;
  for (std::uint64_t seed = begin; seed < end; ++seed) {
    const differential::GeneratedProgram program = differential::generate_program(seed);
    driver::Checked checked = driver::check_text("seed" + std::to_string(seed) + ".d2nn", program.text, {});
    INFO(program.text);
    INFO(diag::render(checked.sink, checked.files, {}));
    CAPTURE(seed);
    REQUIRE_FALSE(checked.sink.has_errors());
    differential::Comparison comparison;
    comparison.seed = seed;
    // Every program at -O3 in process and at -O0 as a shared library; every fifth the other way round too (compiling costs most).
    comparison.jit_levels = seed % 5 == 0 ? std::vector<int>{3, 0} : std::vector<int>{3};
    comparison.shared_levels = seed % 5 == 0 ? std::vector<int>{3, 0} : std::vector<int>{0};
    CHECK(differential::compare_all_ways(checked, comparison, compared) == "");
  }
  // Most samples must have decided clearly, else the comparison proves little.
  CHECK(compared > (end - begin) * 12 * 9 / 10);
}

}  // namespace

TEST_CASE("part 1: seeds 1 to 150 agree with the reference") { compare_seeds(1, 151); }
TEST_CASE("part 2: seeds 151 to 300 agree with the reference") { compare_seeds(151, 301); }
