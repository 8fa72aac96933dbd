// What a program says about its training, what the command line says, and which of them stands.
#include "train/program_options.h"

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "small_network.h"

using namespace d2nn;
using namespace d2nn::train;

namespace {

constexpr d2nn_reward_step reward_steps[] = {{D2NN_REWARD_METRIC, D2NN_NO_INDEX, 0},
                                             {D2NN_REWARD_EFFICIENCY, D2NN_NO_INDEX, 0},
                                             {D2NN_REWARD_ADD, D2NN_NO_INDEX, 0}};

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
  const Program program({{"loss", "scores=q_learning(plain):0.5"},
                         {"metric", "f1:1"},
                         {"lambda", "0.75"},
                         {"lr_schedule", "constant"},
                         {"epsilon", "1:0.1:500"},
                         {"stages", "1:2:3"},
                         {"holdout", "0.2"},
                         {"eval_every", "5"},
                         {"epochs", "7"}},
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
  const Program program({{"loss", "scores=q_learning(plain)"}, {"lambda", "0.75"}, {"epochs", "7"}, {"pretrain", "3"}});
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
  const Program program(std::vector<d2nn_train_setting>{{"colour", "1"}});
  CommandLine line({});
  CHECK(apply_program(program.module, line.given, line.options)
            .message()
            .find("network `small`: a setting of its "
                  "program cannot be read: ") == 0);
  CommandLine without({});
  CHECK(apply_program(test::small_network(), without.given, without.options).ok());
  CHECK(settings(without.options) == settings(TrainOptions{}));
}
