// The settings of d2nn/train_settings.h as options of a command line, and as a module carries them: see
// program_options.h.
#include "train/program_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>
#include <vector>

namespace d2nn::train {
namespace {

/// What the help shows behind an option: "inverse|linear", "EPOCHS".
std::string type_name_of(const TrainSettingInfo& setting) {
  if (setting.kind != SettingKind::word) return std::string(setting.placeholder);
  std::string type;
  for (const std::string_view word : setting.words) type += (type.empty() ? "" : "|") + std::string(word);
  return type;
}

CLI::Option* add_losses(CLI::App& app, const TrainSettingInfo& setting, TrainOptions& options) {
  return app.add_option_function<std::vector<std::string>>(
      option_of(setting),
      [&options](const std::vector<std::string>& given) {
        for (const std::string& text : given) {
          auto loss = parse_loss(text);
          if (!loss.ok()) throw CLI::ValidationError(loss.status().message());
          options.losses.push_back(*std::move(loss));
        }
      },
      std::string(setting.documentation));
}

CLI::Option* add_setting(CLI::App& app, const TrainSettingInfo& setting, TrainOptions& options) {
  return app.add_option_function<std::string>(
      option_of(setting),
      [&setting, &options](const std::string& given) {
        const auto value = parse_setting(setting, given);
        if (!value.ok()) throw CLI::ValidationError(value.status().message());
        set(options, setting.id, *value);
      },
      std::string(setting.documentation));
}

/// The one option about the reward: no setting, for a program says its reward in a statement of its own.
void add_reward_kind(CLI::App& app, TrainOptions& options) {
  app.add_option_function<std::string>(
         "--reward",
         [&options](const std::string& given) {
           if (given != "program" && given != "default")
             throw CLI::ValidationError("--reward `" + given + "` is not one of default|program");
           options.uses_default_reward = given == "default";
         },
         "the reward of the program if it has one, or always the default")
      ->type_name("default|program")
      ->default_str("program")
      ->group(std::string(settings_group::objective));
}

Status invalid(const d2nn_module& module, const std::string& what) {
  return {D2NN_INVALID_ARGUMENT, "network `" + std::string(module.name) + "`: " + what};
}

/// Refuses an option that the program's reward leaves without effect.
Status check_given(const d2nn_module& module, const GivenOptions& given, const TrainOptions& options) {
  if (options.reward.empty()) return {};
  const Reward reward = make_reward(module, options);
  constexpr std::array read_by{std::pair{TrainSettingId::lambda, RewardCode::lambda},
                               std::pair{TrainSettingId::efficiency, RewardCode::efficiency},
                               std::pair{TrainSettingId::efficiency_weight, RewardCode::efficiency_weight}};
  for (const auto& [id, code] : read_by) {
    const std::string option = option_of(info_of(id));
    if (!given.contains(option) || reward.reads(code)) continue;
    return invalid(module, option + " has no part in its reward, which the program gives as `" + options.reward_text +
                               "`: leave it out, or set that aside with --reward default");
  }
  return {};
}

/// Whether the command line decides what this setting is about. output: of a loss.
bool is_overridden(const TrainSettingInfo& setting, std::string_view output, const GivenOptions& given,
                   const TrainOptions& options) {
  if (setting.id == TrainSettingId::loss) {
    return std::any_of(options.losses.begin(), options.losses.end(),
                       [&](const OutputLoss& loss) { return loss.output == output; });
  }
  return given.contains(option_of(setting)) ||
         (setting.id == TrainSettingId::pretrain && given.contains(option_of(info_of(TrainSettingId::stages))));
}

/// Whether the numbers of a module's setting are such as its kind has: a word or a code that there is.
bool is_sound(const TrainSettingInfo& setting, const TrainSettingValue& value) {
  const auto is_index = [](double number, std::size_t count) {
    return number >= 0 && number < static_cast<double>(count) && std::floor(number) == number;
  };
  switch (setting.kind) {
    case SettingKind::number:
    case SettingKind::integer:
      return is_within(setting, value[0]);
    case SettingKind::word:
      return is_index(value[0], setting.words.size());
    case SettingKind::loss:
      return is_index(value[0], setting.words.size()) && value[1] >= 0;
    case SettingKind::metric:
      return is_index(value[0], 2) && is_index(value[1], INT32_MAX);
    case SettingKind::epsilon:
      return value[2] >= 0 && value[2] <= max_integer;  // check() looks at the rest
    case SettingKind::stages:
      return true;
  }
  return false;
}

}  // namespace

CLI::Option* add_seed(CLI::App& app, std::uint64_t& seed, const std::string& text) {
  const auto is_wrong = [](const std::string& given) {
    return given.starts_with('-') ? "`" + given + "` is not a whole number of at least 0" : std::string();
  };
  return app.add_option("--seed", seed, text)->capture_default_str()->check(CLI::Validator(is_wrong, ""));
}

void add_program_options(CLI::App& app, TrainOptions& options) {
  for (const TrainSettingInfo& setting : train_settings) {
    CLI::Option* option =
        setting.kind == SettingKind::loss ? add_losses(app, setting, options) : add_setting(app, setting, options);
    option->type_name(type_name_of(setting))->default_str(default_text(setting))->group(std::string(setting.group));
    if (setting.id == TrainSettingId::loss) add_reward_kind(app, options);
  }
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
  for (std::uint32_t i = 0; i < spec.setting_count; ++i) {
    const d2nn_train_setting& entry = spec.settings[i];
    TrainSettingValue value;
    std::copy(std::begin(entry.numbers), std::end(entry.numbers), value.numbers.begin());
    const bool is_known = entry.id < train_setting_count;
    const bool is_loss = is_known && train_settings[entry.id].id == TrainSettingId::loss;
    if (!is_known || !is_sound(train_settings[entry.id], value) || (is_loss && entry.output >= module.output_count)) {
      return invalid(module, "setting " + std::to_string(i) + " of its program (number " + std::to_string(entry.id) +
                                 (is_known ? ", `" + std::string(train_settings[entry.id].name) + "`" : "") +
                                 ") is none that this runtime knows: build the module again");
    }
    const TrainSettingInfo& setting = train_settings[entry.id];
    const std::string_view output = is_loss ? module.outputs[entry.output].name : "";
    if (!is_overridden(setting, output, given, options)) set(options, setting.id, value, output);
  }
  return {};
}

}  // namespace d2nn::train
