// Cost budgets: the tables against every completion tried, and compiled modules against the reference under a budget.
#include "reference/budget.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "diag/render.h"
#include "differential/compiled_network.h"
#include "differential/program_generator.h"
#include "differential/random_source.h"
#include "driver/check_file.h"
#include "paths/paths.h"
#include "paths/remaining_costs.h"

using namespace d2nn;
using graph::NodeId;

namespace {

/// A walk through the tables, as the runtime makes it.
std::int64_t added_cost(const paths::RemainingCosts& costs, const std::vector<std::int32_t>& taken,
                        std::uint32_t control, std::uint32_t action) {
  std::int32_t place = costs.tops[control];
  while (place >= 0) {
    const auto& step = costs.steps[static_cast<std::size_t>(place)];
    const std::int32_t earlier =
        step.control == control ? static_cast<std::int32_t>(action) : std::max(taken[step.control], 0);
    place = ((earlier >> step.shift) & 1) != 0 ? step.when_yes : step.when_no;
  }
  return costs.values[static_cast<std::size_t>(~place)];
}

driver::Checked checked_program(std::uint64_t seed) {
  const differential::GeneratedProgram program = differential::generate_program(seed);
  return driver::check_text("seed" + std::to_string(seed) + ".d2nn", program.text, {});
}

/// No two scores of a control node are so close that rounding might swap them.
bool is_clear(const reference::SampleResult<float>& result) {
  for (reference::Tensor<float> scores : result.scores) {
    std::sort(scores.begin(), scores.end());
    for (std::size_t i = 1; i < scores.size(); ++i) {
      const float largest = std::max(std::abs(scores.front()), std::abs(scores.back()));
      if (scores[i] - scores[i - 1] <= 1e-3f * largest) return false;
    }
  }
  return true;
}

/// Decides at random from the first control node to the last; at each the added costs must be what the completions say.
void follow_random_path(const graph::Program& program, const paths::RemainingCosts& costs,
                        differential::RandomSource& random) {
  const auto controls = graph::nodes_of(program, graph::NodeKind::control);
  std::vector<std::int32_t> taken(controls.size(), -1);
  reference::Decided decided;
  for (NodeId id : program.topological_order) {
    if (program[id].kind != graph::NodeKind::control) continue;
    const auto place = static_cast<std::uint32_t>(std::find(controls.begin(), controls.end(), id) - controls.begin());
    const std::int64_t least = reference::least_cost(program, decided);
    const auto actions = static_cast<std::uint32_t>(program[id].actions.size());
    std::vector<std::int64_t> added;
    for (std::uint32_t action = 0; action < actions; ++action) {
      reference::Decided next = decided;
      next[id] = action;
      added.push_back(reference::least_cost(program, next) - least);
      REQUIRE(added_cost(costs, taken, place, action) == added.back());
    }
    const auto action = static_cast<std::uint32_t>(random.below(actions));
    taken[place] = static_cast<std::int32_t>(action);  // of a control node that does not execute it counts for nothing
    decided[id] = action;
  }
}

struct Tally {
  std::size_t compared = 0;  // runs of a sample under a budget
  std::size_t changed = 0;   // those in which the budget changed a decision
};

/// Compiles the program and holds it against the reference under its least, middle and greatest cost: as a batch, on
/// two threads and sample by sample.
void compare_under_budgets(driver::Checked& checked, std::uint64_t seed, Tally& tally) {
  CAPTURE(seed);
  const graph::Program program = checked.programs.front();
  const paths::Analysis analysis = paths::analyse(program);
  if (analysis.least_cost == analysis.greatest_cost) return;
  const auto compiled = driver::InProcess::compile(checked, false, {});
  REQUIRE(compiled);
  const reference::Weights<float> weights = differential::random_weights(program, seed);
  const reference::Interpreter<float> interpreter(program, weights);
  const auto samples = differential::random_samples(program, 12, seed);
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  differential::Network one(compiled->module(), differential::safetensors(program, weights), samples.size(), 1);
  differential::Network two(compiled->module(), differential::safetensors(program, weights), samples.size(), 2);
  const std::int64_t middle = (analysis.least_cost + analysis.greatest_cost) / 2;
  for (const std::int64_t budget : {analysis.least_cost, middle, analysis.greatest_cost}) {
    CAPTURE(budget);
    if (budget == 0) continue;  // no bound at all
    const auto batch = one.run(samples, order, budget);
    const auto threaded = two.run(samples, order, budget);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      CAPTURE(i);
      reference::Options<float> options;
      options.policy = reference::budget_policy(program, budget);
      const auto result = interpreter.run_sample(samples[i], options);
      const auto alone = one.run(samples, {i}, budget);
      CHECK(batch[i].cost <= budget);
      CHECK(alone[0].cost <= budget);
      CHECK(threaded[i].actions == batch[i].actions);
      ++tally.compared;
      if (!is_clear(result)) continue;
      const differential::Outcome expected = differential::reference_outcome(program, result);
      CHECK(differential::difference(expected, batch[i], 1e-4) == "");
      CHECK(differential::difference(expected, alone[0], 1e-4) == "");
      const auto free = interpreter.run_sample(samples[i]);
      tally.changed += free.actions != result.actions;
      if (budget == analysis.greatest_cost) CHECK(free.actions == result.actions);
    }
  }
}

}  // namespace

TEST_CASE("the tables of 1,000 programs say what every decision adds, as trying all completions does") {
  std::size_t with_controls = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const driver::Checked checked = checked_program(seed);
    CAPTURE(seed);
    REQUIRE_FALSE(checked.sink.has_errors());
    const graph::Program& program = checked.programs.front();
    const auto costs = paths::remaining_costs(program);
    REQUIRE(costs);
    REQUIRE(costs->tops.size() == graph::nodes_of(program, graph::NodeKind::control).size());
    differential::RandomSource random(seed);
    for (int walk = 0; walk < 3; ++walk) follow_random_path(program, *costs, random);
    with_controls += costs->tops.size() > 1;
  }
  CHECK(with_controls > 500);
}

TEST_CASE("compiled modules keep every budget, and take the best actions that fit") {
  Tally tally;
  for (std::uint64_t seed = 2001; tally.compared < 40 * 3 * 12; ++seed) {
    driver::Checked checked = checked_program(seed);
    compare_under_budgets(checked, seed, tally);
  }
  CHECK(tally.changed > 100);
}

TEST_CASE("modules with fixed decisions keep every budget") {
  Tally tally;
  for (std::uint64_t seed = 3001; tally.compared < 10 * 3 * 12; ++seed) {
    driver::Checked checked = checked_program(seed);
    graph::Program& program = checked.programs.front();
    const auto controls = graph::nodes_of(program, graph::NodeKind::control);
    if (controls.size() < 2) continue;
    const NodeId fixed = controls[seed % controls.size()];
    program[fixed].fixed_action = static_cast<std::uint32_t>(seed % program[fixed].actions.size());
    compare_under_budgets(checked, seed, tally);
  }
  CHECK(tally.changed > 20);
}

TEST_CASE("a chain of 54 links keeps budgets with tables of a few steps") {
  std::string text = "network chain {\n input x: f32[2];\n output y: f32[2];\n";
  std::string flow = "x";
  for (int i = 0; i < 54; ++i) {
    const std::string n = std::to_string(i);
    text += " control Q" + n + " { dense(actions) }\n node A" + n + " { dense(2) }\n node B" + n +
            " { dense(8) -> dense(2) }\n node J" + n + " join last { }\n " + flow + " -> A" + n + ", B" + n + ", Q" +
            n + ";\n A" + n + ", B" + n + " -> J" + n + ";\n Q" + n + " ~> a: A" + n + ", b: B" + n + ";\n";
    flow = "J" + n;
  }
  text += " " + flow + " -> y;\n}\n";
  driver::Checked checked = driver::check_text("chain.d2nn", text, {});
  REQUIRE_FALSE(checked.sink.has_errors());
  const graph::Program program = checked.programs.front();
  const auto costs = paths::remaining_costs(program);
  REQUIRE(costs);
  CHECK(costs->steps.size() <= 54);
  const auto compiled = driver::InProcess::compile(checked, false, {});
  REQUIRE(compiled);
  const reference::Weights<float> weights = differential::random_weights(program, 7);
  differential::Network network(compiled->module(), differential::safetensors(program, weights), 64, 1);
  const auto samples = differential::random_samples(program, 64, 7);
  std::vector<std::size_t> order(64);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::int64_t least = 54 * (4 + 4), extra = 2 * 8 + 8 * 2 - 4;
  std::int64_t greatest = 0;
  for (const auto& outcome : network.run(samples, order)) greatest = std::max(greatest, outcome.cost);
  CHECK(greatest > least + 10 * extra);  // samples would spend more if they might
  for (const std::int64_t links : {0, 1, 10}) {
    for (const auto& outcome : network.run(samples, order, least + links * extra + extra / 2)) {
      CHECK(outcome.cost == least + links * extra);  // all of it is used
    }
  }
}
