// Spellings of the command line and the sentences that refuse wrong ones.
#include "train/options.h"

#include <doctest/doctest.h>

using namespace d2nn::train;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("losses are spelled OUT=LOSS:WEIGHT") {
  auto plain = parse_loss("scores=cross_entropy");
  REQUIRE(plain.ok());
  CHECK(plain->output == "scores");
  CHECK(plain->kind == LossKind::cross_entropy);
  CHECK(plain->weight == 1.0);
  auto weighted = parse_loss("leaf[2]=q_learning:0.25");
  REQUIRE(weighted.ok());
  CHECK(weighted->output == "leaf[2]");
  CHECK(weighted->kind == LossKind::q_learning_counterfactual);
  CHECK(weighted->weight == 0.25);
  CHECK(parse_loss("s=q_learning(plain)")->kind == LossKind::q_learning_plain);
  CHECK(contains(parse_loss("q_learning").status().message(), "`q_learning` does not name an output"));
  CHECK(contains(parse_loss("s=hinge").status().message(), "there is no loss `hinge`"));
  CHECK(contains(parse_loss("s=q_learning:heavy").status().message(), "the weight `heavy` is not a number"));
  CHECK_FALSE(parse_loss("s=q_learning:-1").ok());
  CHECK_FALSE(parse_loss("s=q_learning:1:2").ok());
}

TEST_CASE("metrics, epsilon and stages are spelled with colons") {
  CHECK(parse_metric("accuracy")->kind == MetricKind::accuracy);
  CHECK(parse_metric("f1")->positive == 1);
  CHECK(parse_metric("f1:3")->positive == 3);
  CHECK(contains(parse_metric("f1:x").status().message(), "--metric `f1:x` is not known"));
  CHECK(parse_epsilon("1:0.1")->floor == 0.1);
  CHECK(parse_epsilon("0.9:0.1:500")->steps == 500);
  CHECK_FALSE(parse_epsilon("0.9").ok());
  CHECK_FALSE(parse_epsilon("0.9:0.1:-5").ok());
  CHECK(parse_stages("1:2:3")->joint == 2);
  CHECK(parse_stages("1:2:3")->choice == 0);
  CHECK(parse_stages("1:2:3:4")->choice == 2);
  CHECK(parse_stages("1:2:3:4")->control == 4);
  CHECK_FALSE(parse_stages("1:2:3:4:5").ok());
  CHECK(contains(parse_stages("1:2").status().message(), "PATHS:JOINT:CONTROL"));
}

TEST_CASE("numbers out of range are refused by the name of their option") {
  const auto message = [](auto change) {
    TrainOptions options;
    change(options);
    return check(options).message();
  };
  CHECK(check(TrainOptions{}).ok());
  CHECK(contains(message([](TrainOptions& o) { o.lambda = 1.5; }), "--lambda is 1.5"));
  CHECK(contains(message([](TrainOptions& o) { o.epsilon = {0.1, 0.5, 0}; }), "floor of --epsilon is 0.5"));
  CHECK(contains(message([](TrainOptions& o) { o.bag = 0; }), "--bag is 0"));
  CHECK(contains(message([](TrainOptions& o) { o.batch = -1; }), "--batch is -1"));
  CHECK(contains(message([](TrainOptions& o) { o.epochs = 0; }), "--epochs is 0"));
  CHECK(contains(message([](TrainOptions& o) { o.pretrain_epochs = 21; }), "--pretrain is 21"));
  CHECK(contains(message([](TrainOptions& o) { o.stages = {0, 0, 0, 0}; }), "--stages"));
  CHECK(contains(message([](TrainOptions& o) { o.stages = {1, -1, 1, 1}; }), "--stages"));
  CHECK(contains(message([](TrainOptions& o) { o.momentum = 1; }), "--momentum is 1"));
  CHECK(contains(message([](TrainOptions& o) { o.holdout = 1; }), "--holdout is 1"));
  CHECK(contains(message([](TrainOptions& o) { o.losses = {{"s"}, {"s"}}; }), "--loss is given twice for output `s`"));
  CHECK(contains(message([](TrainOptions& o) { o.resume = true; }), "--resume needs the checkpoint"));
}

TEST_CASE("settings hold what decides the bits of a run and nothing else") {
  TrainOptions options;
  const auto base = settings(options);
  TrainOptions other = options;
  other.threads = 7;
  other.output_path = "w.safetensors";
  other.resume = true;
  CHECK(settings(other) == base);
  other.lambda = 0.75;
  CHECK(settings(other) != base);
}

TEST_CASE("defaults follow the optimiser and the output") {
  TrainOptions options;
  CHECK(options.effective_learning_rate() == 0.001);
  options.optimizer = OptimizerKind::sgd;
  CHECK(options.effective_learning_rate() == 0.01);
  CHECK(options.effective_checkpoint_path().empty());
  options.learning_rate = 0.25;
  CHECK(options.effective_learning_rate() == 0.25);
  options.output_path = "w.safetensors";
  CHECK(options.effective_checkpoint_path() == "w.safetensors.checkpoint");
  options.checkpoint_path = "c";
  CHECK(options.effective_checkpoint_path() == "c");
}
