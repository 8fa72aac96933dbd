// The `train` block as text and as graph::TrainSpec: what is written, what is folded, what is refused.
#include <doctest/doctest.h>

#include "graph/print.h"
#include "unit/sema/checked_text.h"

using namespace d2nn;
using sema::check_text;
using sema::CheckedText;

namespace {

/// Two outputs, a parameter and a constant beside the statements of a `train` block.
CheckedText with_train(const std::string& statements) {
  return check_text(
      "const half = 1 / 2; const tenth = 0.1;\n"
      "network n(price: float = 4.0, lambda: float = 0.25) { input x: f32[4]; node A { dense(3) } node B { dense(2) }\n"
      " output y: f32[3]; output z: f32[2]; x -> A, B; A -> y; B -> z;\n train { " +
      statements + " } }");
}

graph::Program program_of(const std::string& statements) {
  CheckedText checked = with_train(statements);
  REQUIRE_MESSAGE(checked.codes().empty(), checked.messages());
  REQUIRE(checked.programs.size() == 1);
  CHECK(graph::verify(checked.programs[0]).empty());
  REQUIRE(checked.programs[0].train);
  return std::move(checked.programs[0]);
}

std::string reward(const std::string& expression) {
  return graph::reward_text(program_of("reward: " + expression + ";"));
}

using Settings = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("losses, metric and settings become options as the command line spells them") {
  const graph::Program program = program_of(
      "loss z: q_learning(plain, weight: 1 / 2); metric: f1(positive: 1); loss y: cross_entropy; lambda: 1 / 4;"
      " epsilon: [1, tenth, 500]; stages: [40, 50, 10]; lr: 1 / 1000; optimizer: sgd; epochs: 2 * 10; seed: 7;");
  CHECK(graph::settings_of(program) == Settings{{"loss", "z=q_learning(plain):0.5"},
                                                {"loss", "y=cross_entropy"},
                                                {"metric", "f1:1"},
                                                {"lambda", "0.25"},
                                                {"epsilon", "1:0.1:500"},
                                                {"stages", "40:50:10"},
                                                {"lr", "0.001"},
                                                {"optimizer", "sgd"},
                                                {"epochs", "20"},
                                                {"seed", "7"}});
  CHECK(graph::print(program).find("train\n  loss = z=q_learning(plain):0.5\n") != std::string::npos);
  CHECK(graph::settings_of(program_of("loss y: q_learning;")) == Settings{{"loss", "y=q_learning(counterfactual)"}});
}

TEST_CASE("a network without the block has no training, and an empty block an empty one") {
  CHECK_FALSE(check_text(sema::one_node("dense(2)")).programs.at(0).train);
  CHECK(graph::settings_of(program_of("")).empty());
}

TEST_CASE("a reward is folded where it is known and written back with the parentheses it needs") {
  CHECK(reward("lambda * metric + (1 - lambda) * efficiency") == "lambda * metric + (1 - lambda) * efficiency");
  CHECK(reward("metric - (cost - 1) / price") == "metric - (cost - 1) / 4");
  CHECK(reward("(metric - cost) - 1") == "metric - cost - 1");
  CHECK(reward("metric / (cost / 2)") == "metric / (cost / 2)");
  CHECK(reward("1 / 2 * metric") == "0.5 * metric");  // real numbers in a reward
  CHECK(reward("half + metric") == "0 + metric");     // the constant was an int division
  CHECK(reward("-(metric + 1) * -2") == "-(metric + 1) * -2");
  CHECK(reward("- -metric") == "--metric");
  CHECK(reward("max(min(2, 3) - accuracy(y), f1(z))") == "max(2 - accuracy(y), f1(z))");
  CHECK(reward("efficiency_weight * efficiency - metric(z)") == "efficiency_weight * efficiency - metric(z)");
}

TEST_CASE("the words of a reward hide parameters of the same name, which settings still read") {
  const graph::Program program = program_of("lambda: lambda * 2; reward: lambda * metric;");
  CHECK(graph::reward_text(program) == "lambda * metric");
  CHECK(graph::settings_of(program) == Settings{{"lambda", "0.5"}});
}

TEST_CASE("each mistake in a block is one error") {
  const auto codes = [](const std::string& statements) { return with_train(statements).codes(); };
  CHECK(codes("loss A: cross_entropy; loss w: hinge;") == "E0602 E0602 E0604");
  CHECK(codes("loss y: cross_entropy; loss y: q_learning;") == "E0603");
  CHECK(codes("loss y: q_learning(1); loss z: cross_entropy(plain);") == "E0605 E0605");
  CHECK(codes("loss y: cross_entropy(weight: heavy);") == "E0201");
  CHECK(codes("metric: f1(positive: 2);") == "E0607");  // z has two scores
  CHECK(codes("metric: f1(positive: 0.5);") == "E0204");
  CHECK(codes("metric: f1(positive: -1);") == "E0607");
  CHECK(codes("reward: f1 + accuracy(q);") == "E0602");
  CHECK(codes("reward: metric + A;") == "E0205");
  CHECK(codes("reward: metric + true;") == "E0204");
  CHECK(codes("reward: metric + 1e308 * 10;") == "E0206");
  CHECK(codes("reward: metric / (price - 4);") == "E0207");
  CHECK(codes("reward: 2 + price;") == "E0612");
  CHECK(codes("reward: metric + wrong; lambda: wronger;") == "E0610 E0201");
  CHECK(codes("lambda: metric;") == "E0201");
  CHECK(codes("epsilon: [1]; stages: 3; optimizer: 1 + 1;") == "E0609 E0609 E0609");
  CHECK(codes("epsilon: [1, 0.5, 1.5];") == "E0609");
  CHECK(codes("stages: [1, 2, 3, 4];") == "");
  CHECK(codes("stages: [1, 2, 3, 4, 5];") == "E0609");
}

TEST_CASE("a reward that needs more room than the harness has is refused") {
  std::string deep = "metric";
  for (int i = 0; i < 63; ++i) deep = "cost - (" + deep + ")";
  CHECK(with_train("reward: " + deep + ";").codes().empty());
  CHECK(with_train("reward: cost - (" + deep + ");").codes() == "E0104");
}
