// What plans leave out, move and simplify; that results stay the same is for tests/differential.
#include "passes/plan.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "cascades.h"

using namespace d2nn;
using namespace d2nn::passes;
using tests::node_named;

namespace {

/// Positions in the schedule that settle and compute a node; -1: none.
struct Turns {
  std::ptrdiff_t settled = -1;
  std::ptrdiff_t computed = -1;
};

Turns turns_of(const Plan& plan, graph::NodeId node) {
  Turns found;
  for (std::size_t i = 0; i < plan.schedule.size(); ++i) {
    if (plan.nodes[plan.schedule[i].node].node != node) continue;
    if (plan.schedule[i].settles) found.settled = static_cast<std::ptrdiff_t>(i);
    if (plan.schedule[i].computes) found.computed = static_cast<std::ptrdiff_t>(i);
  }
  return found;
}

PassSet without(Pass pass) {
  PassSet passes;
  passes.disable(pass);
  return passes;
}

}  // namespace

TEST_CASE("a head that only one decision needs is settled at its place and computed behind the decision") {
  const graph::Program program = tests::cascade();
  const Plan moved = tests::plan(program);
  const Turns head = turns_of(moved, node_named(program, "head"));
  const Turns control = turns_of(moved, node_named(program, "Q"));
  CHECK(head.settled < control.settled);
  CHECK(head.computed > control.computed);
  CHECK(moved.needs[node_named(program, "head").index].when == paths::Need::When::depends);

  const Plan kept = tests::plan(program, without(Pass::move_into_branch));
  const Turns at_once = turns_of(kept, node_named(program, "head"));
  CHECK(at_once.settled == at_once.computed);
}

TEST_CASE("training computes all that executes") {
  const graph::Program program = tests::cascade();
  const Plan training = plan_training(program);
  for (const ScheduleEntry& entry : training.schedule) CHECK((entry.settles && entry.computes));
}

TEST_CASE("a sum of exclusive branches with zeros as defaults becomes a choice") {
  const graph::Program program = tests::choice();
  const Plan chosen = tests::plan(program);
  CHECK(chosen.joins.front().kind == graph::Join::first);
  CHECK_FALSE(chosen.joins.front().edges.front().takes_default);
  CHECK(chosen.joins.front().edges.back().takes_default);
  const Plan added = tests::plan(program, without(Pass::choose_exclusive));
  CHECK(added.joins.front().kind == graph::Join::sum);
}

TEST_CASE("a fixed decision leaves out its own layers, the other branch and the join") {
  graph::Program program = tests::choice();
  program[node_named(program, "Q")].fixed_action = 1;
  const Plan fixed = tests::plan(program);
  std::vector<std::string> labels;
  for (const Step& step : fixed.steps) labels.push_back(step.label);
  CHECK(labels == std::vector<std::string>{"B.dense1", "after.dense1"});
  CHECK(fixed.joins.size() == 1);  // of the output
  CHECK(turns_of(fixed, node_named(program, "Q")).settled >= 0);
  CHECK(turns_of(fixed, node_named(program, "A")).settled == -1);
  CHECK(fixed.nodes.size() == 4);  // all nodes stay in the tables
}

TEST_CASE("branches that exclude each other stand in one place, and so does the join that takes one of them") {
  const graph::Program program = tests::choice();
  const auto place_of = [&](const Plan& plan, const char* name) {
    return plan.buffers[plan.value_of[node_named(program, name).index]->index].offset;
  };
  const auto place_of_join = [](const Plan& plan) { return plan.buffers[plan.joins.front().target].offset; };
  const Plan chosen = tests::plan(program);
  CHECK(place_of(chosen, "A") == place_of(chosen, "B"));
  CHECK(place_of_join(chosen) == place_of(chosen, "A"));
  // A sum reads both edges for one row; its branches exclude each other all the same.
  const Plan added = tests::plan(program, without(Pass::choose_exclusive));
  CHECK(place_of(added, "A") == place_of(added, "B"));
  CHECK(place_of_join(added) != place_of(added, "A"));

  const graph::Program parallel = tests::parallel();
  const Plan both = tests::plan(parallel);
  CHECK(both.buffers[both.value_of[node_named(parallel, "A").index]->index].offset !=
        both.buffers[both.value_of[node_named(parallel, "B").index]->index].offset);
}

TEST_CASE("tiles hold more rows than stay in cache where dense layers have many weights for each float of a row") {
  const auto rows = [](std::int64_t inputs, std::int64_t units) {
    reference::ProgramBuilder builder;
    const graph::NodeId x = builder.input("x", ops::Shape{inputs});
    const graph::NodeId wide = builder.node("wide");
    const graph::NodeId narrow = builder.node("narrow");
    const graph::NodeId y = builder.output("y");
    builder.op(wide, "relu");
    builder.op(narrow, "dense", reference::dense_attrs(units));
    builder.edge(x, wide);
    builder.edge(wide, narrow);
    builder.edge(narrow, y);
    return tests::plan(builder.finish()).tile_rows;
  };
  CHECK(rows(16, 16) == 64);     // all of it in cache
  CHECK(rows(32'000, 16) == 8);  // 12 rows fit
  CHECK(rows(64'000, 16) == 8);  // the least
  CHECK(rows(64'000, 130) == 32);
  CHECK(rows(64'000, 2000) == 64);
}

TEST_CASE("every pass has a name of its own that finds it") {
  for (const PassInfo& info : pipeline) CHECK(find_pass(info.name)->pass == info.pass);
  CHECK(find_pass("fold") == nullptr);
}
