// The `train` block from text to harness: the module carries it, the harness computes what the compiler folds, and both
// accept the same ranges.
#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "d2nn/train_settings.h"
#include "driver/build.h"
#include "graph/print.h"
#include "train/program_options.h"

using namespace d2nn;

namespace {

driver::Checked checked(const std::string& statements) {
  return driver::check_text("test.d2nn",
                            "network n { input x: f32[4]; node A { dense(3) } node B { dense(2) } node C { dense(2) }\n"
                            " control Q { dense(actions) } output y: f32[3]; output z: f32[2] join last;\n"
                            " x -> A, B, C, Q; A -> y; B, C -> z; Q ~> b: B, c: C;\n train { " +
                                statements + " } }",
                            {});
}

/// The options of a run of the compiled program, without a command line.
struct Compiled {
  driver::Checked program;
  std::optional<driver::InProcess> module;
  train::TrainOptions options;

  explicit Compiled(const std::string& statements) : program(checked(statements)) {
    module = driver::InProcess::compile(program, false, {});
    REQUIRE(module);
    const Status status = train::apply_program(*module->module(), {}, options);
    INFO(status.message());
    REQUIRE(status.ok());
  }
};

std::string spelled(double number) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.17g", number);
  return buffer;
}

/// The same number as the language writes it.
std::string literal(double number, const TrainSettingInfo& setting) {
  if (setting.kind == SettingKind::integer) return std::to_string(static_cast<std::int64_t>(number));
  const std::string text = spelled(number);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

bool harness_accepts(const std::string& option, const std::string& value) {
  train::TrainOptions options;
  options.epochs = 1000000;  // --pretrain may be as long
  CLI::App app;
  train::add_program_options(app, options);
  std::vector<std::string> words{option + "=" + value};
  try {
    app.parse(words);
  } catch (const CLI::ParseError&) {
    return false;
  }
  return train::check(options).ok();
}

}  // namespace

TEST_CASE("a module carries losses, metric, settings and reward of its program") {
  const Compiled compiled(
      "loss z: q_learning(weight: 2); metric: f1(positive: 1); lr_schedule: constant; bag: 3;"
      " reward: accuracy(z) - cost / 1000;");
  REQUIRE(compiled.options.losses.size() == 1);
  CHECK(compiled.options.losses[0].output == "z");
  CHECK(compiled.options.losses[0].kind == LossKind::q_learning_counterfactual);
  CHECK(compiled.options.losses[0].weight == 2.0);
  CHECK(compiled.options.metric.kind == MetricKind::f1);
  CHECK(compiled.options.rate_schedule == RateSchedule::constant);
  CHECK(compiled.options.bag == 3);
  CHECK(compiled.options.effective_reward_text() == "accuracy(z) - cost / 1000");
  std::vector<train::MetricCounts> counts(2);
  counts[1].add(1, 1, {});
  counts[1].add(1, 0, {});
  CHECK(train::make_reward(*compiled.module->module(), compiled.options)(counts, 250) == 0.5 - 0.25);
}

TEST_CASE("the harness computes the same bits as the compiler folds") {
  // Each expression with numbers, which sema folds, and with `lambda` in the place of 0.3, which is read when it runs.
  const std::vector<train::MetricCounts> counts(2);
  for (const std::string pattern : {"L + 0.1 * 7", "1 - L / 3 * 0.7", "(L - 1) / (L + 0.2)", "-L * L - 0.1",
                                    "min(L, 0.1 + 0.2)", "max(0.1 + 0.2, L)", "L / 3 - -L", "1 / (L * L * L)"}) {
    std::string known = pattern;
    std::string read = pattern;
    for (std::size_t at = 0; (at = known.find('L', at)) != std::string::npos;) known.replace(at, 1, "0.3");
    for (std::size_t at = 0; (at = read.find('L', at)) != std::string::npos; at += 6) read.replace(at, 1, "lambda");
    CAPTURE(pattern);
    const Compiled folded("reward: 0 * metric + (" + known + ");");
    const Compiled run("lambda: 0.3; reward: 0 * metric + (" + read + ");");
    CHECK(folded.options.reward.size() == 5);
    CHECK(run.options.reward.size() > 5);
    CHECK(train::make_reward(*folded.module->module(), folded.options)(counts, 1) ==
          train::make_reward(*run.module->module(), run.options)(counts, 1));
  }
}

TEST_CASE("language and harness read every kind of setting to the same value") {
  const Compiled compiled(
      "epsilon: [0.9, 0.1]; stages: [1, 2, 3, 4]; explore: all; optimizer: sgd; seed: 9007199254740992;"
      " momentum: 1 / 3; pretrain: 0.5;");
  CHECK(compiled.options.epsilon.start == 0.9);
  CHECK(compiled.options.epsilon.floor == 0.1);
  CHECK(compiled.options.epsilon.steps == 0);
  CHECK(compiled.options.stages.choice == 2);
  CHECK(compiled.options.stages.control == 4);
  CHECK(compiled.options.explore == Explore::all);
  CHECK(compiled.options.optimizer == OptimizerKind::sgd);
  CHECK(compiled.options.seed == 9007199254740992U);
  CHECK(compiled.options.momentum == 1.0 / 3);
  CHECK(compiled.options.pretrain_epochs == 0.5);
  const Compiled without_choice("stages: [1, 2, 3]; epsilon: [1, 0, 500];");
  CHECK(without_choice.options.stages.choice == 0);
  CHECK(without_choice.options.stages.joint == 2);
  CHECK(without_choice.options.epsilon.steps == 500);
}

TEST_CASE("language and harness take the same settings, the same words and the same ranges") {
  for (const TrainSettingInfo& setting : train_settings) {
    const std::string option = option_of(setting);
    const std::string name(setting.name);
    CAPTURE(name);
    if (setting.kind == SettingKind::loss) continue;  // `loss OUTPUT: KIND;`, tested above
    const auto language_accepts = [&](const std::string& value) {
      return !checked(name + ": " + value + ";").sink.has_errors();
    };
    for (const std::string_view word : setting.words) {
      CHECK(language_accepts(std::string(word)));
      CHECK(harness_accepts(option, std::string(word)));
    }
    const bool is_integer = setting.kind == SettingKind::integer;
    if (!is_integer && setting.kind != SettingKind::number) continue;
    const auto agree = [&](double number) {
      CAPTURE(number);
      CHECK(language_accepts(literal(number, setting)) == harness_accepts(option, spelled(number)));
    };
    const double beyond = is_integer ? 1 : 1e-9;
    agree(setting.least);
    CHECK(language_accepts(literal(setting.least + beyond, setting)));
    agree(setting.least + beyond);
    if (setting.least > 0 || !is_integer) agree(setting.least - beyond);
    if (setting.greatest > 1e12) continue;  // seeds and counts: 2^53, which `+ 1` does not leave
    agree(setting.greatest);
    agree(setting.greatest - beyond);
    agree(setting.greatest + (is_integer ? 1 : setting.greatest * 1e-9));
  }
  CHECK(harness_accepts("--epsilon", "1:0.05:500"));
  CHECK(checked("epsilon: [1, 0.05, 500]; stages: [40, 50, 10];").sink.sorted().empty());
}
