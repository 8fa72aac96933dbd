// The programs of examples/ and of the slides: compiled code against the reference interpreter.
#include <doctest/doctest.h>

#include <cstdlib>
#include <numeric>

#include "diag/render.h"
#include "differential/compiled_network.h"

using namespace d2nn;

namespace {

constexpr double tolerance = 1e-4;

driver::Checked check_text(const std::string& name) {
  driver::Checked checked = driver::check_file(std::string(std::getenv("D2NN_SOURCE_DIR")) + "/" + name, {});
  INFO(diag::render(checked.sink, checked.files, {}));
  REQUIRE_FALSE(checked.sink.has_errors());
  REQUIRE(checked.programs.size() == 1);
  return checked;
}

std::vector<std::size_t> identity(std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

void compare(const std::string& file, std::size_t samples, int opt_level) {
  driver::Checked checked = check_text(file);
  const graph::Program program = checked.programs.front();
  const differential::Data data = differential::draw_data(program, samples, 1);
  codegen::TargetOptions target;
  target.opt_level = opt_level;
  const auto compiled = driver::InProcess::compile(checked, false, target);
  REQUIRE(compiled);
  differential::Network network(compiled->module(), differential::safetensors(program, data.weights), samples, 2);
  const auto batch = network.run(data.samples, identity(samples));
  const reference::Interpreter<float> interpreter(program, data.weights);
  for (std::size_t i = 0; i < samples; ++i) {
    const auto result = interpreter.run_sample(data.samples[i]);
    if (differential::smallest_margin(result) < 10 * tolerance) continue;
    const differential::Outcome expected = differential::reference_outcome(program, result);
    CAPTURE(i);
    CHECK(differential::difference(expected, batch[i], tolerance) == "");
    CHECK(differential::difference(expected, network.run(data.samples, {i}).front(), tolerance) == "");
  }
}

}  // namespace

TEST_CASE("high_low agrees with the reference at -O3") {
  compare("examples/high_low/high_low.d2nn", 24, 3);
}
TEST_CASE("high_low agrees with the reference at -O0") {
  compare("examples/high_low/high_low.d2nn", 4, 0);
}
