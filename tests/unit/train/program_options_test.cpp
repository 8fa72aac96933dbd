// What a program says about its training, what the command line says, and which of them stands.
#include "train/program_options.h"

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "small_network.h"

using namespace d2nn;
using namespace d2nn::train;

namespace {

constexpr d2nn_reward_step reward_steps[] = {reward_step(RewardCode::metric), reward_step(RewardCode::efficiency),
                                             reward_step(RewardCode::add)};

d2nn_train_setting setting(TrainSettingId id, TrainSettingValue value, std::uint32_t output = D2NN_NO_INDEX) {
  return {static_cast<std::uint32_t>(id), output, {value[0], value[1], value[2], value[3]}};
}

/// The small network with a `train` block of these settings.
struct Program {
  std::vector<d2nn_train_setting> settings;
  d2nn_train_spec spec{};
  d2nn_module module = test::small_network();

  explicit Program(std::vector<d2nn_train_setting> given, bool has_reward = false) : settings(std::move(given)) {
    spec.setting_count = static_cast<std::uint32_t>(settings.size());
    spec.settings = settings.data();
    spec.reward_count = has_reward ? 3 : 0;
    spec.reward = has_reward ? reward_steps : nullptr;
    spec.reward_text = has_reward ? "metric + efficiency" : "";
    module.train_spec = &spec;
  }
};

/// A command line, read as `train` reads it.
struct CommandLine {
  TrainOptions options;
  GivenOptions given;

  explicit CommandLine(std::vector<std::string> words) {
    CLI::App app;
    add_program_options(app, options);
    note_given(app, given);
    std::reverse(words.begin(), words.end());
    app.parse(words);
  }
};

}  // namespace

TEST_CASE("what the program says are the options, spelled as on the command line") {
  using Id = TrainSettingId;
  const Program program(
      {setting(Id::loss, {{2, 0.5}}, 0), setting(Id::metric, {{1, 1}}), setting(Id::lambda, {{0.75}}),
       setting(Id::lr_schedule, {{1}}), setting(Id::epsilon, {{1, 0.1, 500}}), setting(Id::stages, {{1, 0, 2, 3}}),
       setting(Id::holdout, {{0.2}}), setting(Id::eval_every, {{5}}), setting(Id::epochs, {{7}})},
      true);
  CommandLine line({});
  REQUIRE(apply_program(program.module, line.given, line.options).ok());
  const CommandLine same({"--loss=scores=q_learning(plain):0.5", "--metric=f1:1", "--lambda=0.75",
                          "--lr-schedule=constant", "--epsilon=1:0.1:500", "--stages=1:2:3", "--holdout=0.2",
                          "--eval-every=5", "--epochs=7"});
  TrainOptions expected = same.options;
  expected.reward.assign(std::begin(reward_steps), std::end(reward_steps));
  expected.reward_text = "metric + efficiency";
  CHECK(settings(line.options) == settings(expected));
  CHECK(line.options.reward.size() == 3);
}

TEST_CASE("what the command line gives stands, and the rest of the program beside it") {
  const Program program({setting(TrainSettingId::loss, {{2, 1}}, 0), setting(TrainSettingId::lambda, {{0.75}}),
                         setting(TrainSettingId::epochs, {{7}}), setting(TrainSettingId::pretrain, {{3}})});
  CommandLine line({"--lambda", "0.5", "--loss", "scores=cross_entropy:2", "--stages", "1:1:1"});
  REQUIRE(apply_program(program.module, line.given, line.options).ok());
  CHECK(line.options.lambda == 0.5);  // the default, but given
  CHECK(line.options.epochs == 7);
  REQUIRE(line.options.losses.size() == 1);
  CHECK(line.options.losses[0].kind == LossKind::cross_entropy);
  CHECK_FALSE(line.options.pretrain_epochs);  // --stages says how long each stage is
}

TEST_CASE("an option that the program's reward does not read is refused, unless that reward is set aside") {
  const Program program(std::vector<d2nn_train_setting>{}, true);
  for (const char* word : {"--lambda=0.5", "--efficiency-weight=2"}) {
    CommandLine line({word});
    const Status status = apply_program(program.module, line.given, line.options);
    CHECK_FALSE(status.ok());
    CHECK(status.message().find("has no part in its reward, which the program gives as `metric + efficiency`") !=
          std::string::npos);
    CommandLine aside({word, "--reward=default"});
    REQUIRE(apply_program(program.module, aside.given, aside.options).ok());
    CHECK(aside.options.effective_reward_text() == default_reward_text);
  }
  CommandLine read({"--efficiency=linear"});
  CHECK(apply_program(program.module, read.given, read.options).ok());
}

TEST_CASE("a module whose settings this harness does not know is refused by name") {
  const auto refusal = [](const d2nn_train_setting& entry) {
    const Program program(std::vector<d2nn_train_setting>{entry});
    CommandLine line({});
    return apply_program(program.module, line.given, line.options).message();
  };
  using Id = TrainSettingId;
  CHECK(
      refusal({77, D2NN_NO_INDEX, {}}) ==
      "network `small`: setting 0 of its program (number 77) is none that this runtime knows: build the module again");
  CHECK(refusal(setting(Id::efficiency, {{2}})).find("(number 3, `efficiency`)") != std::string::npos);
  CHECK(refusal(setting(Id::efficiency, {{0.5}})) != "");
  CHECK(refusal(setting(Id::lambda, {{1.5}})) != "");
  CHECK(refusal(setting(Id::epochs, {{std::nan("")}})) != "");
  CHECK(refusal(setting(Id::loss, {{0, 1}}, 1)) != "");  // one output
  CHECK(refusal(setting(Id::loss, {{3, 1}}, 0)) != "");
  CHECK(refusal(setting(Id::metric, {{1, -1}})) != "");
  CHECK(refusal(setting(Id::lambda, {{1}})) == "");
  CommandLine without({});
  CHECK(apply_program(test::small_network(), without.given, without.options).ok());
  CHECK(settings(without.options) == settings(TrainOptions{}));
}

TEST_CASE("every setting is an option whose value is read, kept and spelled again") {
  const auto example = [](const TrainSettingInfo& row) -> std::string {
    switch (row.kind) {
      case SettingKind::number:
        return "0.25";
      case SettingKind::integer:
        return "17";
      case SettingKind::word:
        return std::string(row.words.back());
      case SettingKind::epsilon:
        return "0.9:0.1:500";
      case SettingKind::stages:
        return "1:2:3:4";
      case SettingKind::metric:
        return "f1:3";
      case SettingKind::loss:
        return "scores=q_learning(plain):0.5";
    }
    return {};
  };
  for (const TrainSettingInfo& row : train_settings) {
    const std::string text = example(row);
    CAPTURE(text);
    const CommandLine line({option_of(row) + "=" + text});
    CHECK(line.given.contains(option_of(row)));
    CHECK(check(line.options).ok());
    if (row.kind == SettingKind::loss) continue;
    REQUIRE(value_of(line.options, row.id));
    CHECK(spell(row, *value_of(line.options, row.id)) == text);
    if (row.kind != SettingKind::metric) {
      CHECK_FALSE(parse_setting(row, "").ok());
      CHECK(parse_setting(row, "x").status().message().find(option_of(row) + " `x` is not") == 0);
    }
  }
}

TEST_CASE("the defaults of the options are those of the table") {
  const TrainOptions options;
  for (const TrainSettingInfo& row : train_settings) {
    CAPTURE(std::string(row.name));
    const auto value = value_of(options, row.id);
    if (row.default_text.empty()) {
      REQUIRE(value);
      CHECK(*value == row.initial);
    }
  }
  CHECK(options.losses.empty());
  CHECK_FALSE(options.pretrain_epochs);
  CHECK(options.effective_learning_rate() == 0.001);
}

namespace {

std::string page(const char* name) {
  const char* root = std::getenv("D2NN_SOURCE_DIR");
  std::ifstream stream(std::string(root == nullptr ? "." : root) + "/docs/" + name);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// What the value may be, as the table of docs/training.md says it.
std::string range_of(const TrainSettingInfo& row) {
  if (row.kind == SettingKind::number || row.kind == SettingKind::integer) return range_text(row);
  std::string words;
  if (row.kind == SettingKind::word)
    for (const std::string_view word : row.words) words += (words.empty() ? "`" : ", `") + std::string(word) + "`";
  return words;
}

}  // namespace

TEST_CASE("the pages have a row for each setting, with the words of the table") {
  const std::string training = page("training.md");
  const std::string command_line = page("cli.md");
  const std::string language = page("language.md");
  REQUIRE(training.size() > 1000);
  REQUIRE(language.size() > 1000);
  REQUIRE(command_line.size() > 1000);
  for (const TrainSettingInfo& row : train_settings) {
    const std::string option = "| `" + option_of(row) + " " + std::string(row.placeholder) + "` | ";
    const std::string documentation(row.documentation);
    const std::string formula = row.formula.empty() ? "" : "; `" + std::string(row.formula) + "`";
    const std::string in_training =
        option + default_text(row) + " | " + range_of(row) + " | " + documentation + formula + " |\n";
    CAPTURE(in_training);
    CHECK(training.find(in_training) != std::string::npos);
    const std::string of_words = row.kind == SettingKind::word ? range_of(row) + ": " : "";
    const std::string in_command_line = option + of_words + documentation + " (" + default_text(row) + ") |\n";
    CAPTURE(in_command_line);
    CHECK(command_line.find(in_command_line) != std::string::npos);
    const std::string word = "`" + std::string(row.name);
    CAPTURE(word);
    CHECK((language.find(word + "`") != std::string::npos || language.find(word + ": ") != std::string::npos ||
           language.find(word + " ") != std::string::npos));
  }
}
