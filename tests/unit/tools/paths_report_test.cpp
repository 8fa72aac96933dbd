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
