// Options of a training by their one spelling, for command lines and for programs: see program_options.h.
// docs/training.md describes them for users; the texts here are its summary.
#include "train/program_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

namespace d2nn::train {
namespace {

/// An option whose text a parse function turns into a value, or says why not.
template <class T>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, const std::string& type, const std::string& text,
                        Result<T> (*parse)(std::string_view), T& target) {
  return app
      .add_option_function<std::string>(
          name,
          [parse, &target](const std::string& given) {
            auto value = parse(given);
            if (!value.ok()) throw CLI::ValidationError(value.status().message());
            target = *std::move(value);
          },
          text)
      ->type_name(type);
}

template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, const std::string& text, T& target,
                        const std::map<std::string, T>& choices) {
  std::string type;
  for (const auto& [spelled, value] : choices) type += (type.empty() ? "" : "|") + spelled;
  return app
      .add_option_function<std::string>(
          name,
          [&target, choices, name, type](const std::string& given) {
            const auto found = choices.find(given);
            if (found == choices.end()) throw CLI::ValidationError(name + " `" + given + "` is not one of " + type);
            target = found->second;
          },
          text)
      ->type_name(type);
}

void add_objective_options(CLI::App& app, TrainOptions& options) {
  const std::string group = "What is optimised";
  app.add_option_function<std::vector<std::string>>(
         "--loss",
         [&options](const std::vector<std::string>& given) {
           for (const std::string& text : given) {
             auto loss = parse_loss(text);
             if (!loss.ok()) throw CLI::ValidationError(loss.status().message());
             options.losses.push_back(*std::move(loss));
           }
         },
         "loss of an output, once per output: cross_entropy (default), q_learning, q_learning(plain)")
      ->type_name("OUT=LOSS[:WEIGHT]")
      ->group(group);
  add_choice(app, "--reward", "of the program, or the default whatever the program says (default program)",
             options.uses_default_reward, {{"program", false}, {"default", true}})
      ->group(group);
  add_parsed(app, "--metric", "accuracy|f1[:CLASS]",
             "metric of the reward and of the choice of the best weights (default accuracy)", parse_metric,
             options.metric)
      ->group(group);
  app.add_option(
         "--lambda", options.lambda,
         "metric against efficiency: the default reward is lambda * metric + (1 - lambda) * weight * efficiency")
      ->capture_default_str()
      ->group(group);
  add_choice(app, "--efficiency", "efficiency of a cost: least / mean, or 1 - mean / greatest (default inverse)",
             options.efficiency, {{"inverse", EfficiencyKind::inverse}, {"linear", EfficiencyKind::linear}})
      ->group(group);
  app.add_option("--efficiency-weight", options.efficiency_weight,
                 "what the whole efficiency is worth against the metric")
      ->capture_default_str()
      ->group(group);
  app.add_option("--control-weight", options.control_weight, "weight of the losses of control nodes")
      ->capture_default_str()
      ->group(group);
  add_choice(app, "--bag-reward",
             "reward that a control node explains: its share of the bag's, or the whole (default share)",
             options.bag_reward, {{"share", BagReward::share}, {"whole", BagReward::whole}})
      ->group(group);
}

void add_acting_options(CLI::App& app, TrainOptions& options) {
  const std::string group = "Acting and stages";
  add_parsed(app, "--epsilon", "START:FLOOR[:STEPS]",
             "probability of a random action, falling linearly (default 1:0.05 over 60 % of choice, or of the steps "
             "after paths)",
             parse_epsilon, options.epsilon)
      ->group(group);
  add_choice(app, "--explore",
             "learn from the actions taken, or run every action of every control node (default chosen)",
             options.explore, {{"chosen", Explore::chosen}, {"all", Explore::all}})
      ->group(group);
  add_parsed(
      app, "--stages", "PATHS[:CHOICE]:JOINT:CONTROL",
      "shares of the steps: random actions, control nodes alone, everything, control nodes alone (default 40:50:10)",
      parse_stages, options.stages)
      ->group(group);
  app.add_option("--pretrain", options.pretrain_epochs, "length of the stage `paths` in epochs, instead of its share")
      ->type_name("EPOCHS")
      ->group(group);
}

void add_optimiser_options(CLI::App& app, TrainOptions& options) {
  const std::string group = "Steps";
  app.add_option("--epochs", options.epochs, "passes over the training samples")->capture_default_str()->group(group);
  app.add_option("--bag", options.bag, "samples per bag")->capture_default_str()->group(group);
  app.add_option("--batch", options.batch, "bags per mini-batch")->capture_default_str()->group(group);
  add_choice(app, "--optimizer", "how weights are updated (default adam)", options.optimizer,
             {{"adam", OptimizerKind::adam}, {"sgd", OptimizerKind::sgd}})
      ->group(group);
  app.add_option("--lr", options.learning_rate, "learning rate (default 0.001 for adam, 0.01 for sgd)")->group(group);
  add_choice(app, "--lr-schedule", "learning rate within a stage (default cosine, down to a twentieth)",
             options.rate_schedule, {{"cosine", RateSchedule::cosine}, {"constant", RateSchedule::constant}})
      ->group(group);
  app.add_option("--momentum", options.momentum, "of sgd")->capture_default_str()->group(group);
  app.add_option("--weight-decay", options.weight_decay, "of conv and dense weights")
      ->capture_default_str()
      ->group(group);
  add_seed(app, options.seed, "fixes every random number")->group(group);
}

void add_judging_options(CLI::App& app, TrainOptions& options) {
  const std::string group = "Data and files";
  app.add_option("--holdout", options.holdout, "share of the samples kept aside to choose the best weights")
      ->capture_default_str()
      ->group(group);
  app.add_option("--eval-every", options.eval_every, "epochs from one greedy evaluation to the next")
      ->capture_default_str()
      ->group(group);
}

Status invalid(const d2nn_module& module, const std::string& what) {
  return {D2NN_INVALID_ARGUMENT, "network `" + std::string(module.name) + "`: " + what};
}

/// "--lr-schedule" of "lr_schedule".
std::string option_of(std::string_view setting) {
  std::string option = "--" + std::string(setting);
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

/// Refuses an option that the program's reward leaves without effect.
Status check_given(const d2nn_module& module, const GivenOptions& given, const TrainOptions& options) {
  if (options.reward.empty()) return {};
  const Reward reward = make_reward(module, options);
  constexpr std::array read_by{std::pair{"--lambda", D2NN_REWARD_LAMBDA},
                               std::pair{"--efficiency", D2NN_REWARD_EFFICIENCY},
                               std::pair{"--efficiency-weight", D2NN_REWARD_EFFICIENCY_WEIGHT}};
  for (const auto& [option, code] : read_by) {
    if (!given.contains(option) || reward.reads(code)) continue;
    return invalid(module, std::string(option) + " has no part in its reward, which the program gives as `" +
                               options.reward_text + "`: leave it out, or set that aside with --reward default");
  }
  return {};
}

/// Whether the command line decides what this setting is about.
bool is_overridden(const d2nn_train_setting& setting, const GivenOptions& given, const TrainOptions& options) {
  const std::string_view value = setting.value;
  if (std::string_view(setting.name) == "loss") {
    const std::string_view output = value.substr(0, value.find('='));
    return std::any_of(options.losses.begin(), options.losses.end(),
                       [&](const OutputLoss& loss) { return loss.output == output; });
  }
  const std::string option = option_of(setting.name);
  return given.contains(option) || (option == "--pretrain" && given.contains("--stages"));
}

}  // namespace

CLI::Option* add_seed(CLI::App& app, std::uint64_t& seed, const std::string& text) {
  const auto is_wrong = [](const std::string& given) {
    return given.starts_with('-') ? "`" + given + "` is not a whole number of at least 0" : std::string();
  };
  return app.add_option("--seed", seed, text)->capture_default_str()->check(CLI::Validator(is_wrong, ""));
}

void add_program_options(CLI::App& app, TrainOptions& options) {
  add_objective_options(app, options);
  add_acting_options(app, options);
  add_optimiser_options(app, options);
  add_judging_options(app, options);
}

void note_given(CLI::App& app, GivenOptions& given) {
  for (CLI::Option* option : app.get_options()) {
    option->each([&given, name = option->get_name()](const std::string&) { given.insert(name); });
  }
}

Status apply_program(const d2nn_module& module, const GivenOptions& given, TrainOptions& options) {
  if (module.train_spec == nullptr) return {};
  const d2nn_train_spec& spec = *module.train_spec;
  if (spec.reward_count > 0 && !options.uses_default_reward) {
    options.reward.assign(spec.reward, spec.reward + spec.reward_count);
    options.reward_text = spec.reward_text;
  }
  if (Status status = check_given(module, given, options); !status.ok()) return status;
  std::vector<std::string> words;
  for (std::uint32_t i = 0; i < spec.setting_count; ++i) {
    const d2nn_train_setting& setting = spec.settings[i];
    if (!is_overridden(setting, given, options)) words.push_back(option_of(setting.name) + "=" + setting.value);
  }
  CLI::App app;
  add_program_options(app, options);
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return invalid(module, "a setting of its program cannot be read: " + std::string(error.what()));
  }
  return {};
}

}  // namespace d2nn::train
