// Which layers that are arithmetic become one expression; that results stay the same is for tests/differential.
#include <doctest/doctest.h>

#include "cascades.h"
#include "passes/plan.h"
#include "reference/program_builder.h"

using namespace d2nn;
using namespace d2nn::passes;

namespace {

struct LayerUse {
  const char* name;
  ops::Arguments arguments = {};
};

/// The steps of a node with these layers, one behind the other, of [4, 6, 6].
std::vector<Step> steps_of(const std::vector<LayerUse>& layers) {
  reference::ProgramBuilder builder;
  const graph::NodeId x = builder.input("x", ops::Shape{4, 6, 6});
  const graph::NodeId node = builder.node("N");
  const graph::NodeId y = builder.output("y");
  for (const LayerUse& layer : layers) builder.op(node, layer.name, layer.arguments);
  builder.edge(x, node);
  builder.edge(node, y);
  return tests::plan(builder.finish()).steps;
}

ops::Arguments axes(ops::Integers list) {
  return ops::Arguments().set("axes", ops::IntegerList{std::move(list)});
}
ops::Arguments number(double value) {
  return ops::Arguments().set("number", value);
}
ops::Arguments integer(const char* name, std::int64_t value) {
  return ops::Arguments().set(name, value);
}

}  // namespace

TEST_CASE("layers that follow each other are one expression with the weights of all") {
  const std::vector<Step> steps = steps_of({{"layer_norm"}, {"relu"}, {"multiply_number", number(3)}});
  REQUIRE(steps.size() == 1);
  CHECK(steps[0].label == "N.layer_norm1");
  CHECK(steps[0].parameters.size() == 2);
  CHECK(steps[0].expression.weight_count() == 2);
  // As many weights as a step can have.
  CHECK(steps_of({{"layer_norm"}, {"relu"}, {"layer_norm"}, {"relu"}}).size() == 2);
}

TEST_CASE("layers that view a tensor under different dims become one where one of the views does for both") {
  CHECK(steps_of({{"group_norm", integer("groups", 2)}, {"relu"}}).size() == 1);
  CHECK(steps_of({{"relu"}, {"group_norm", integer("groups", 2)}}).size() == 1);
  CHECK(steps_of({{"group_norm", integer("groups", 2)}, {"mean", axes({1, 2})}}).size() == 2);
}

TEST_CASE("what several loops of a reduction read is computed in it only where that is one instruction") {
  CHECK(steps_of({{"multiply_number", number(0.5)}, {"softmax"}}).size() == 1);
  CHECK(steps_of({{"gelu"}, {"softmax"}}).size() == 2);
  CHECK(steps_of({{"gelu"}, {"mean", axes({1, 2})}}).size() == 1);
}

TEST_CASE("numbers that a reduction gives one at a time are not worth a vector of a dear function") {
  CHECK(steps_of({{"mean", axes({1, 2})}, {"relu"}}).size() == 1);
  CHECK(steps_of({{"mean", axes({1, 2})}, {"sigmoid"}}).size() == 2);
}

TEST_CASE("what is repeated or permuted is computed before") {
  const ops::Arguments twice = ops::Arguments().set("scale", ops::Extent{2, 2});
  CHECK(steps_of({{"gelu"}, {"upsample", twice}}).size() == 2);
  CHECK(steps_of({{"upsample", twice}, {"gelu"}}).size() == 1);
  CHECK(steps_of({{"permute", axes({2, 0, 1})}, {"relu"}}).size() == 2);
}
