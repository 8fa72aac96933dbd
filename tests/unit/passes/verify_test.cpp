// Plans that are sound, and what is said of broken ones.
#include "passes/verify.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "cascades.h"

using namespace d2nn;
using namespace d2nn::passes;
using tests::node_named;

namespace {

graph::Program convolution() {
  reference::ProgramBuilder builder;
  const graph::NodeId x = builder.input("x", ops::Shape{3, 8, 8});
  const graph::NodeId node = builder.node("N");
  const graph::NodeId y = builder.output("y");
  builder.op(node, "conv", reference::conv_attrs({3, 3}, 4));
  builder.op(node, "batch_norm");
  builder.op(node, "relu");
  builder.edge(x, node);
  builder.edge(node, y);
  return builder.finish();
}

/// The one fault that is found after the plan was changed.
template <class Change>
std::string fault_of(const graph::Program& program, Change change) {
  Plan changed = tests::plan(program);
  change(changed);
  const std::vector<std::string> faults = verify(program, changed);
  return faults.empty() ? "" : faults.front();
}

}  // namespace

TEST_CASE("every pass hands a sound plan on, and so does training") {
  for (const graph::Program& program : {tests::cascade(), tests::choice(), tests::parallel(), convolution()}) {
    std::size_t passes_seen = 0;
    tests::plan(program, {}, [&](const PassInfo& pass, const Plan& made) {
      INFO(pass.name);
      const std::vector<std::string> faults = verify(program, made);
      CHECK((faults.empty() ? "" : faults.front()) == "");
      ++passes_seen;
    });
    CHECK(passes_seen == pipeline.size());
    CHECK(verify(program, plan_training(program)).empty());
  }
}

TEST_CASE("what is computed too early, twice or not at all is found") {
  const graph::Program program = tests::choice();
  CHECK(fault_of(program, [](Plan& p) { std::swap(p.schedule.front(), p.schedule.back()); }) != "");
  CHECK(fault_of(program, [](Plan& p) { p.schedule.push_back(p.schedule.back()); }) == "after is settled twice");
  CHECK(fault_of(program, [](Plan& p) { p.schedule.erase(p.schedule.begin()); }) ==
        "the condition of A reads Q, settled later");
  CHECK(fault_of(program, [](Plan& p) { p.schedule.back().computes = false; }) == "after is needed and never computed");
  CHECK(fault_of(program, [&](Plan& p) { p.needs[node_named(program, "A").index].when = paths::Need::When::never; }) ==
        "A is computed and never needed");
}

TEST_CASE("a need that asks a later decision is found") {
  const graph::Program program = tests::cascade();
  const auto head = node_named(program, "head");
  CHECK(fault_of(program, [&](Plan& p) {
          const auto is_heads = [&](const ScheduleEntry& e) { return e.computes && p.nodes[e.node].node == head; };
          const auto entry = std::find_if(p.schedule.begin(), p.schedule.end(), is_heads);
          const auto settled = std::find_if(p.schedule.begin(), p.schedule.end(),
                                            [&](const ScheduleEntry& t) { return t.settles && t.node == entry->node; });
          settled->computes = true;
          p.schedule.erase(entry);
        }) == "the need of head asks Q, settled later");
}

TEST_CASE("tensors that are read before they are written, or written twice, are found") {
  const graph::Program program = tests::choice();
  CHECK(fault_of(program, [](Plan& p) { p.steps.back().operands[0] = {false, p.steps.back().result}; }) ==
        "after.dense1 reads %4 before it is written");
  CHECK(fault_of(program, [](Plan& p) { p.steps[1].result = p.steps[0].result; }) ==
        "A.dense1 makes another shape than its result's");
  CHECK(fault_of(program, [](Plan& p) { p.steps[2].result = p.steps[1].result; }) ==
        "B.dense1 writes %1, which another wrote");
  CHECK(fault_of(program, [](Plan& p) { p.steps[0].result = 99; }) == "the result of Q.dense1 does not exist");
  CHECK(fault_of(program, [&](Plan& p) { p.value_of[node_named(program, "A").index] = Operand{true, 0}; }) ==
        "no step of A writes its value");
}

TEST_CASE("stages that do not fit are found") {
  const graph::Program program = convolution();
  CHECK(tests::plan(program).steps.size() == 1);
  CHECK(fault_of(program, [](Plan& p) { std::swap(p.steps[0].stages[0], p.steps[0].stages[1]); }) ==
        "the stages of N.conv1 stand in the wrong order");
  CHECK(fault_of(program, [](Plan& p) { std::get<FoldedNorm>(p.steps[0].stages[0].kind).parameters.pop_back(); }) ==
        "the norm folded into N.conv1 has not a value for each channel");
  CHECK(fault_of(program, [](Plan& p) {
          expr::Builder builder;
          const expr::Term x = builder.operand(0, {4, 8, 8});
          std::get<Pointwise>(p.steps[0].stages[1].kind).expression = builder.finish({builder.sum(x, {0})});
        }) == "a stage of N.conv1 is not pointwise in what it follows");
  CHECK(fault_of(program, [](Plan& p) { p.steps[0].out = ops::Shape{4, 4, 4}; }) ==
        "the stages of N.conv1 make f32[4, 6, 6]");
}

TEST_CASE("stages that read what is not there or not of their size are found") {
  reference::ProgramBuilder builder;
  const graph::NodeId x = builder.input("x", ops::Shape{4, 8, 8});
  const graph::NodeId node = builder.node("N");
  const graph::NodeId y = builder.output("y");
  const graph::ValueId sums = builder.op(node, "conv", reference::conv_attrs({3, 3}, 4, {1, 1}, {1, 1}));
  builder.op(node, "add", {}, {graph::ValueId{0}, sums});
  builder.op(node, "relu6");
  builder.edge(x, node);
  builder.edge(node, y);
  const graph::Program program = builder.finish();
  const Plan made = tests::plan(program);
  REQUIRE(made.steps.size() == 1);
  CHECK(made.steps[0].stages.size() == 2);
  CHECK(layer_operands(made.steps[0]) == 1);
  CHECK(fault_of(program, [](Plan& p) { std::get<Pointwise>(p.steps[0].stages[0].kind).first_operand = 0; }) ==
        "a stage of N.conv1 reads operands of others");
  CHECK(fault_of(program, [](Plan& p) {
          p.steps[0].operands.push_back(p.steps[0].operands[0]);
          p.steps[0].operand_elements.push_back(p.steps[0].operand_elements[0]);
        }) == "N.conv1 has operands that neither it nor its stages read");
  CHECK(fault_of(program, [](Plan& p) {
          expr::Builder other;
          const expr::Term sum = other.binary(expr::Primitive::add, other.operand(0, {5}), other.operand(1, {5}));
          std::get<Pointwise>(p.steps[0].stages[0].kind).expression = other.finish({sum});
        }) == "a stage of N.conv1 reads or makes another size than that of what it follows");
}

TEST_CASE("places are compared by what rows need") {
  const graph::Program choice = tests::choice();
  // A and B exclude each other and share a place; Q's scores and the result of `after` must not.
  const auto buffer = [&](Plan& p, const char* name) -> Buffer& {
    return p.buffers[p.value_of[node_named(choice, name).index]->index];
  };
  CHECK(fault_of(choice, [&](Plan& p) { buffer(p, "A").offset = 100'000 * 16; }) ==
        "%1 stands outside its memory or is not aligned");
  CHECK(fault_of(choice, [&](Plan& p) { buffer(p, "A").is_row_local = true; }) != "");
  const graph::Program parallel = tests::parallel();
  CHECK(fault_of(parallel, [&](Plan& p) {
          const auto at = [&](const char* name) { return p.value_of[node_named(parallel, name).index]->index; };
          p.buffers[at("B")].offset = p.buffers[at("A")].offset;
        }) == "%0 and %1 overlap while both are needed");
}
