// Warnings of collapse: when they come, what they advise, and that they know which choice is the dearer one.
#include "train/collapse.h"

#include <doctest/doctest.h>

#include "small_network.h"

using namespace d2nn;
using namespace d2nn::train;

namespace {

/// What the small network did: `high` of 1000 samples took its dear path.
Evaluation took(std::int64_t high) {
  Evaluation evaluation;
  evaluation.samples = 1000;
  evaluation.actions = {{high, 1000 - high}};
  if (high > 0) evaluation.paths.push_back({{0}, high, test::small_high_cost});
  if (high < 1000) evaluation.paths.push_back({{1}, 1000 - high, test::small_low_cost});
  return evaluation;
}

/// The sentence of an evaluation that is the last of its run; "" for none.
std::string sentence(const TrainOptions& options, std::int64_t high) {
  CollapseState state;
  const auto sentences = collapse_warnings(test::small_network(), took(high),
                                           make_reward(test::small_network(), options), options, true, state);
  CHECK(sentences.size() <= 1);
  return sentences.empty() ? "" : sentences.front();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "a choice is given up after three evaluations running, is reported once, and starts anew when it comes back") {
  const TrainOptions options;
  const Reward reward = make_reward(test::small_network(), options);
  CollapseState state;
  const auto warnings = [&](std::int64_t high, bool is_last = false) {
    return collapse_warnings(test::small_network(), took(high), reward, options, is_last, state).size();
  };
  CHECK(warnings(3) == 0);
  CHECK(warnings(0) == 0);
  CHECK(warnings(10) == 0);  // 1 %: taken again
  CHECK(warnings(9) == 0);
  CHECK(warnings(9) == 0);
  CHECK(warnings(9) == 1);
  CHECK(warnings(9) == 0);
  CHECK(warnings(0, true) == 0);
  CHECK(warnings(1000) == 0);
  CHECK(warnings(1000, true) == 1);  // the other one, in the last evaluation
  CHECK(state.warned == std::vector<std::string>{"Q=high", "Q=low"});
  CHECK(state.given_up.empty());
}

TEST_CASE("the advice says which way lambda should go") {
  TrainOptions options;
  options.lambda = 0.25;
  CHECK(contains(sentence(options, 0), "takes action `high` for 0.0 % of the samples it decides, the dearer choice: "));
  CHECK(contains(sentence(options, 0), "a higher --lambda (it is 0.25)"));
  CHECK(contains(sentence(options, 1000),
                 "takes action `low` for 0.0 % of the samples it decides, the cheaper choice: "));
  CHECK(contains(sentence(options, 1000), "a lower --lambda (it is 0.25)"));
  options.lambda = 0;
  CHECK(contains(sentence(options, 0), "with --lambda 0 only the cost counts"));
  CHECK_FALSE(contains(sentence(options, 1000), "only the cost counts"));
  CHECK_FALSE(contains(sentence(options, 1000), "--lambda"));
  options.lambda = 1;
  CHECK(contains(sentence(options, 1000), "with --lambda 1 only the metric counts"));
  CHECK_FALSE(contains(sentence(options, 0), "--lambda"));
  options.lambda = 0.5;
  options.reward = {{D2NN_REWARD_METRIC, D2NN_NO_INDEX, 0}};
  options.reward_text = "metric";
  CHECK(contains(sentence(options, 0), "a `reward:` in the program in which cost counts less"));
  CHECK(contains(sentence(options, 1000), "a `reward:` in the program in which cost counts more"));
  CHECK_FALSE(contains(sentence(options, 0), "--lambda"));
}

TEST_CASE("the price of a choice is that of all that follows it, where the module has a table of that") {
  // `high` runs the dearer node itself; what follows is as dear as the table says: of `high` (bit 0 is not set), `low`.
  const d2nn_regret_step step = {0, 0, ~0, ~1};
  const std::int32_t top = 0;
  const auto sentence_about_low = [&](std::int64_t high_adds, std::int64_t low_adds) {
    const std::int64_t values[] = {high_adds, low_adds};
    const d2nn_remaining_costs costs = {&step, values, &top};
    d2nn_module module = test::small_network();
    module.remaining_costs = &costs;
    const TrainOptions options;
    CollapseState state;
    return collapse_warnings(module, took(1000), make_reward(module, options), options, true, state).front();
  };
  CHECK(contains(sentence_about_low(500, 0), "takes action `low` for 0.0 % of the samples it decides, the cheaper"));
  CHECK(contains(sentence_about_low(0, 500), "takes action `low` for 0.0 % of the samples it decides, the dearer"));
  CHECK(contains(sentence_about_low(0, 0), "takes action `low` for 0.0 % of the samples it decides: what"));
}

TEST_CASE("what was given already is not recommended") {
  TrainOptions options;
  const std::string all = sentence(options, 0);
  for (const char* words : {"--explore all", "a longer --pretrain", "a higher floor of --epsilon (it is 0.05)",
                            "a smaller --bag (it is 8), or a higher --lambda"})
    CHECK_MESSAGE(contains(all, words), all);
  options.pretrain_epochs = 4;
  CHECK_FALSE(contains(sentence(options, 0), "--pretrain"));
  options.epsilon.floor = 0.2;
  CHECK_FALSE(contains(sentence(options, 0), "--epsilon"));
  options.bag = 1;
  CHECK_FALSE(contains(sentence(options, 0), "--bag"));
  CHECK(contains(sentence(options, 0), "what usually helps: --explore all or a higher --lambda"));
  options = {};
  options.explore = Explore::all;
  CHECK(contains(sentence(options, 0), "what usually helps: a longer --pretrain or a higher --lambda (it is 0.5)"));
  options.pretrain_epochs = 4;
  options.lambda = 1;
  CHECK(contains(sentence(options, 0),
                 "it may be the optimum: see what the network earns with "
                 "`d2nn eval --fix Q=high --json`"));
}
