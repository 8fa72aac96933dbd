// The report of `d2nn check --paths` where the analysis has no answer.
#include "paths_report.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace d2nn;

namespace {

paths::Analysis analysis_that_gave_up() {
  paths::Analysis analysis;
  analysis.gave_up = "the decision diagrams outgrew their limit";
  analysis.not_counted = analysis.gave_up;
  analysis.least_cost = 48;
  analysis.greatest_cost = 2640;
  analysis.costs_are_exact = false;
  return analysis;
}

graph::Program named_program() {
  graph::Program program;
  program.name = "tangle";
  return program;
}

}  // namespace

TEST_CASE("paths that were not counted are told with the reason, and costs as bounds") {
  CHECK(tool::paths_text(named_program(), analysis_that_gave_up()) ==
        "tangle: paths not counted (the decision diagrams outgrew their limit), at least 48 to at most 2,640 "
        "multiplications\n");
}

TEST_CASE("a path count that is not known is null in JSON, never an empty number") {
  const nlohmann::ordered_json json = tool::paths_json(named_program(), analysis_that_gave_up());
  CHECK(json["path_count"].is_null());
  CHECK(json["not_counted"] == "the decision diagrams outgrew their limit");
  CHECK(json["paths"].is_null());
  CHECK(json["costs_are_exact"] == false);
  paths::Analysis counted;
  counted.path_count = "18014398509481984";
  const nlohmann::ordered_json known = tool::paths_json(named_program(), counted);
  CHECK(known["path_count"] == "18014398509481984");
  CHECK_FALSE(known.contains("not_counted"));
}

TEST_CASE("paths that are counted and not listed have their extremes, their mean and their outputs told") {
  graph::Program program = named_program();
  for (int i = 0; i < 3; ++i) {
    graph::Node control;
    control.kind = graph::NodeKind::control;
    control.name = "gate[" + std::to_string(i) + "]";
    control.actions = {{"run", {}, {}}, {"skip", {}, {}}};
    program.nodes.push_back(control);
    program.topological_order.push_back({static_cast<std::uint32_t>(i)});
  }
  graph::Node output;
  output.kind = graph::NodeKind::output;
  output.name = "y";
  program.nodes.push_back(output);
  program.topological_order.push_back({3});
  paths::Analysis analysis;
  analysis.path_count = "20000";
  analysis.least_cost = 5;
  analysis.greatest_cost = 1200;
  analysis.least_path = paths::Path{{1, 1, 1}, {}, 5, {}};
  analysis.greatest_path = paths::Path{{0, std::nullopt, 0}, {}, 1200, {}};
  analysis.execution_probability = {1, 1, 1, 0.5};
  analysis.expected_cost = 500;
  analysis.expected_control_cost = 50;
  analysis.never_executes = {false, true, false, false};
  analysis.null_outputs = {{{3}, {{{0}, 1}}}};
  CHECK(tool::paths_text(program, analysis) ==
        "tangle: 20000 paths, 5 to 1,200 multiplications\n"
        "  least         5  gate[0] to gate[2] = skip\n"
        "  greatest  1,200  gate[0] = run, gate[2] = run\n"
        "  expected    500  all actions alike; control nodes 10.0 % of it\n"
        "  y is null when gate[0] = skip\n"
        "  on no path: gate[1]\n");
}

TEST_CASE("sorting breaks ties by decisions, and descending turns all of it round") {
  std::vector<paths::Path> paths{{{1}, {}, 7, {}}, {{0}, {}, 7, {}}, {{2}, {}, 3, {{0}}}};
  const auto decisions = [&] {
    std::vector<std::uint32_t> result;
    for (const paths::Path& path : paths) result.push_back(*path.decisions[0]);
    return result;
  };
  tool::sort_paths(paths, tool::PathOrder::cost, false);
  CHECK(decisions() == std::vector<std::uint32_t>{2, 0, 1});
  tool::sort_paths(paths, tool::PathOrder::cost, true);
  CHECK(decisions() == std::vector<std::uint32_t>{1, 0, 2});
  tool::sort_paths(paths, tool::PathOrder::null, false);
  CHECK(decisions() == std::vector<std::uint32_t>{0, 1, 2});
}
