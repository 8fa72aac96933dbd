// What the console shows, on a terminal and elsewhere.
#include "train/progress.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "small_network.h"

using namespace d2nn;
using namespace d2nn::train;

namespace {

/// What a run of three steps and one evaluation prints.
std::string shown(bool terminal, bool colour) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::tmpfile(), std::fclose);
  REQUIRE(out != nullptr);
  ConsoleProgress progress(out.get(), terminal, colour);
  RunInfo info;
  info.module = &test::small_network();
  info.training_samples = 90;
  info.holdout_samples = 10;
  info.steps_per_epoch = 3;
  info.total_steps = 3;
  progress.begin(info);
  for (std::int64_t step = 1; step <= 3; ++step)
    progress.step({step, {Stage::joint, 0.5, 0.001}, 0.25, 0.75, static_cast<double>(test::small_low_cost)});
  Evaluation evaluation;
  evaluation.samples = 10;
  evaluation.metric = 0.9;
  evaluation.mean_cost = static_cast<double>(test::small_high_cost);
  evaluation.actions = {{7, 3}};
  progress.evaluated({3, &evaluation, true});
  progress.warn("something is odd");
  progress.end();
  std::rewind(out.get());
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), out.get()));
  return text;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("away from a terminal progress is plain lines") {
  const std::string text = shown(false, false);
  CHECK(contains(text, "training small: 90 samples, 10 held out, 3 steps in 1 epochs"));
  CHECK(contains(text, "epoch 1: accuracy 0.9000  cost 100.0 %"));
  CHECK(contains(text, "Q high 70 % low 30 %  best so far\n"));
  CHECK(contains(text, "warning: something is odd\n"));
  CHECK_FALSE(contains(text, "\r"));
  CHECK_FALSE(contains(text, "\033"));
}

TEST_CASE("on a terminal a bar with stage, metric, loss and cost is redrawn") {
  const std::string text = shown(true, false);
  CHECK(contains(text, "\r[########################] 100.0 %  0 s left  joint  loss 0.2500  accuracy 0.7500  cost "));
  CHECK_FALSE(contains(text, "\033[36m"));
  CHECK(contains(shown(true, true), "\033[36m"));
}

TEST_CASE("times are spelled by their size") {
  CHECK(spell_seconds(41.7) == "42 s");
  CHECK(spell_seconds(185) == "3:05");
  CHECK(spell_seconds(3730) == "1:02:10");
}
