// Options of training: defaults, spellings, checks. See options.h.
#include "train/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <numeric>

namespace d2nn::train {
namespace {

Status invalid(std::string message) {
  return {D2NN_INVALID_ARGUMENT, std::move(message)};
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string quoted(std::string_view text) {
  return "`" + std::string(text) + "`";
}

/// `1:0.1`, `1:0.1:2000`.
std::optional<TrainSettingValue> epsilon_value(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 2 && parts.size() != 3) return std::nullopt;
  const auto start = number(parts[0]);
  const auto floor = number(parts[1]);
  const auto steps = parts.size() == 3 ? whole_number(parts[2]) : std::int64_t{0};
  if (!start || !floor || !steps) return std::nullopt;
  return TrainSettingValue{{*start, *floor, static_cast<double>(*steps)}};
}

/// `40:50:10`, `40:20:30:10`.
std::optional<TrainSettingValue> stages_value(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 3 && parts.size() != 4) return std::nullopt;
  const auto paths = number(parts.front());
  const auto choice = parts.size() == 4 ? number(parts[1]) : 0.0;
  const auto joint = number(parts[parts.size() - 2]);
  const auto control = number(parts.back());
  if (!paths || !choice || !joint || !control) return std::nullopt;
  return TrainSettingValue{{*paths, *choice, *joint, *control}};
}

/// "inverse|linear".
std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : "|") + std::string(word);
  return text;
}

TrainSettingValue value_of_number(double value) {
  return {{value}};
}
template <class Word>
TrainSettingValue value_of_word(Word word) {
  return {{static_cast<double>(word)}};
}

}  // namespace

double TrainOptions::effective_learning_rate() const {
  return learning_rate.value_or(optimizer == OptimizerKind::adam ? adam_learning_rate : sgd_learning_rate);
}

std::string TrainOptions::effective_checkpoint_path() const {
  if (!checkpoint_path.empty() || output_path.empty()) return checkpoint_path;
  return output_path + ".checkpoint";
}

std::string TrainOptions::effective_reward_text() const {
  return reward.empty() ? std::string(default_reward_text) : reward_text;
}

Reward make_reward(const d2nn_module& module, const TrainOptions& options) {
  return {options.lambda,
          options.metric,
          options.efficiency,
          {module.least_cost, module.greatest_cost},
          options.efficiency_weight,
          options.reward};
}

std::optional<TrainSettingValue> value_of(const TrainOptions& options, TrainSettingId id) {
  switch (id) {
    case TrainSettingId::loss:
      return std::nullopt;
    case TrainSettingId::metric:
      return TrainSettingValue{
          {static_cast<double>(options.metric.kind), static_cast<double>(options.metric.positive)}};
    case TrainSettingId::lambda:
      return value_of_number(options.lambda);
    case TrainSettingId::efficiency:
      return value_of_word(options.efficiency);
    case TrainSettingId::efficiency_weight:
      return value_of_number(options.efficiency_weight);
    case TrainSettingId::control_weight:
      return value_of_number(options.control_weight);
    case TrainSettingId::bag_reward:
      return value_of_word(options.bag_reward);
    case TrainSettingId::epsilon:
      return TrainSettingValue{
          {options.epsilon.start, options.epsilon.floor, static_cast<double>(options.epsilon.steps)}};
    case TrainSettingId::explore:
      return value_of_word(options.explore);
    case TrainSettingId::stages:
      return TrainSettingValue{
          {options.stages.paths, options.stages.choice, options.stages.joint, options.stages.control}};
    case TrainSettingId::pretrain:
      if (!options.pretrain_epochs) return std::nullopt;
      return value_of_number(*options.pretrain_epochs);
    case TrainSettingId::epochs:
      return value_of_number(static_cast<double>(options.epochs));
    case TrainSettingId::bag:
      return value_of_number(static_cast<double>(options.bag));
    case TrainSettingId::batch:
      return value_of_number(static_cast<double>(options.batch));
    case TrainSettingId::optimizer:
      return value_of_word(options.optimizer);
    case TrainSettingId::lr:
      return value_of_number(options.effective_learning_rate());
    case TrainSettingId::lr_schedule:
      return value_of_word(options.rate_schedule);
    case TrainSettingId::momentum:
      return value_of_number(options.momentum);
    case TrainSettingId::weight_decay:
      return value_of_number(options.weight_decay);
    case TrainSettingId::seed:
      return value_of_number(static_cast<double>(options.seed));
    case TrainSettingId::holdout:
      return value_of_number(options.holdout);
    case TrainSettingId::eval_every:
      return value_of_number(static_cast<double>(options.eval_every));
  }
  return std::nullopt;
}

void set(TrainOptions& options, TrainSettingId id, const TrainSettingValue& value, std::string_view output) {
  const double first = value[0];
  const auto integer = static_cast<std::int64_t>(first);
  switch (id) {
    case TrainSettingId::loss:
      options.losses.push_back({std::string(output), static_cast<LossKind>(integer), value[1]});
      return;
    case TrainSettingId::metric:
      options.metric = {static_cast<MetricKind>(integer), static_cast<std::int32_t>(value[1])};
      return;
    case TrainSettingId::lambda:
      options.lambda = first;
      return;
    case TrainSettingId::efficiency:
      options.efficiency = static_cast<EfficiencyKind>(integer);
      return;
    case TrainSettingId::efficiency_weight:
      options.efficiency_weight = first;
      return;
    case TrainSettingId::control_weight:
      options.control_weight = first;
      return;
    case TrainSettingId::bag_reward:
      options.bag_reward = static_cast<BagReward>(integer);
      return;
    case TrainSettingId::epsilon:
      options.epsilon = {first, value[1], static_cast<std::int64_t>(value[2])};
      return;
    case TrainSettingId::explore:
      options.explore = static_cast<Explore>(integer);
      return;
    case TrainSettingId::stages:
      options.stages = {value[0], value[1], value[2], value[3]};
      return;
    case TrainSettingId::pretrain:
      options.pretrain_epochs = first;
      return;
    case TrainSettingId::epochs:
      options.epochs = integer;
      return;
    case TrainSettingId::bag:
      options.bag = integer;
      return;
    case TrainSettingId::batch:
      options.batch = integer;
      return;
    case TrainSettingId::optimizer:
      options.optimizer = static_cast<OptimizerKind>(integer);
      return;
    case TrainSettingId::lr:
      options.learning_rate = first;
      return;
    case TrainSettingId::lr_schedule:
      options.rate_schedule = static_cast<RateSchedule>(integer);
      return;
    case TrainSettingId::momentum:
      options.momentum = first;
      return;
    case TrainSettingId::weight_decay:
      options.weight_decay = first;
      return;
    case TrainSettingId::seed:
      options.seed = static_cast<std::uint64_t>(integer);
      return;
    case TrainSettingId::holdout:
      options.holdout = first;
      return;
    case TrainSettingId::eval_every:
      options.eval_every = integer;
      return;
  }
}

std::vector<std::pair<std::string, std::string>> settings(const TrainOptions& options) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const TrainSettingInfo& setting : train_settings) {
    std::string text;
    const auto value = value_of(options, setting.id);
    if (setting.id == TrainSettingId::loss) {
      for (const OutputLoss& loss : options.losses) {
        text +=
            (text.empty() ? "" : ",") + loss.output + "=" + std::string(spelling(loss.kind)) + ":" + spell(loss.weight);
      }
    } else if (setting.kind == SettingKind::epsilon) {  // its steps too, also where they follow from the stages
      text = spell((*value)[0]) + ":" + spell((*value)[1]) + ":" + spell((*value)[2]);
    } else {
      text = value ? spell(setting, *value) : "by --stages";
    }
    result.emplace_back(option_of(setting), std::move(text));
  }
  result.emplace_back("--init", options.initial_weights);
  result.emplace_back("reward", options.effective_reward_text());
  return result;
}

Status check(const TrainOptions& options) {
  const auto between = [](double value, double low, double high) { return value >= low && value <= high; };
  const auto range = [](const std::string& option, double value, const std::string& wanted) {
    return invalid(option + " is " + spell(value) + ": it must be " + wanted);
  };
  for (const TrainSettingInfo& setting : train_settings) {
    if (setting.kind != SettingKind::number && setting.kind != SettingKind::integer) continue;
    const auto value = value_of(options, setting.id);
    if (value && !is_within(setting, (*value)[0])) return range(option_of(setting), (*value)[0], range_text(setting));
  }
  const auto& epsilon = options.epsilon;
  const auto& stages = options.stages;
  if (!between(epsilon.start, 0, 1)) return range("the start of --epsilon", epsilon.start, "at least 0 and at most 1");
  if (!between(epsilon.floor, 0, epsilon.start))
    return range("the floor of --epsilon", epsilon.floor, "at least 0 and at most the start");
  if (options.pretrain_epochs && *options.pretrain_epochs > static_cast<double>(options.epochs))
    return range("--pretrain", *options.pretrain_epochs, "at most the number of epochs");
  const double shares[] = {stages.paths, stages.choice, stages.joint, stages.control};
  const double share_sum = std::accumulate(std::begin(shares), std::end(shares), 0.0);
  if (*std::min_element(std::begin(shares), std::end(shares)) < 0 || share_sum <= 0 || !std::isfinite(share_sum)) {
    return invalid("--stages needs shares that are not negative and not all 0, such as 40:50:10");
  }
  if (options.checkpoint_every < 0) {
    return range("--checkpoint-every", static_cast<double>(options.checkpoint_every), "at least 0 epochs");
  }
  if (!between(static_cast<double>(options.threads), 0, 1024)) {
    return range("--threads", static_cast<double>(options.threads), "between 0 (one per CPU) and 1024");
  }
  for (std::size_t i = 0; i < options.losses.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (options.losses[i].output == options.losses[j].output) {
        return invalid("--loss is given twice for output " + quoted(options.losses[i].output) + ": give it once");
      }
    }
  }
  if (options.resume && options.effective_checkpoint_path().empty()) {
    return invalid(
        "--resume needs the checkpoint to go on from: give -o FILE or --checkpoint FILE as in the first run");
  }
  return {};
}

Result<OutputLoss> parse_loss(std::string_view text) {
  const std::string wanted =
      "such as scores=cross_entropy, scores=cross_entropy:0.5, scores=q_learning or scores=q_learning(plain)";
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return invalid("--loss " + quoted(text) + " does not name an output: write OUT=LOSS[:WEIGHT], " + wanted);
  }
  OutputLoss loss;
  loss.output = std::string(text.substr(0, equals));
  const auto parts = split(text.substr(equals + 1), ':');
  if (parts[0] == "cross_entropy") {
    loss.kind = LossKind::cross_entropy;
  } else if (parts[0] == "q_learning" || parts[0] == "q_learning(counterfactual)") {
    loss.kind = LossKind::q_learning_counterfactual;
  } else if (parts[0] == "q_learning(plain)") {
    loss.kind = LossKind::q_learning_plain;
  } else {
    return invalid("--loss " + quoted(text) + ": there is no loss " + quoted(parts[0]) + ", write OUT=LOSS[:WEIGHT], " +
                   wanted);
  }
  if (parts.size() > 2)
    return invalid("--loss " + quoted(text) + " has more than one weight: write OUT=LOSS[:WEIGHT], " + wanted);
  if (parts.size() == 2) {
    const auto weight = number(parts[1]);
    if (!weight || *weight < 0)
      return invalid("--loss " + quoted(text) + ": the weight " + quoted(parts[1]) + " is not a number of at least 0");
    loss.weight = *weight;
  }
  return loss;
}

Result<Metric> parse_metric(std::string_view text) {
  if (text == "accuracy") return Metric{MetricKind::accuracy, 1};
  const auto parts = split(text, ':');
  if (parts[0] == "f1" && parts.size() <= 2) {
    if (parts.size() == 1) return Metric{MetricKind::f1, 1};
    const auto positive = whole_number(parts[1]);
    if (positive && *positive <= INT32_MAX) return Metric{MetricKind::f1, static_cast<std::int32_t>(*positive)};
  }
  return invalid("--metric " + quoted(text) +
                 " is not known: write accuracy, f1 or f1:CLASS with the number of the positive class, such as f1:1");
}

Result<TrainSettingValue> parse_setting(const TrainSettingInfo& setting, std::string_view text) {
  const std::string given = option_of(setting) + " " + quoted(text);
  switch (setting.kind) {
    case SettingKind::number:
      if (const auto value = number(text)) return value_of_number(*value);
      return invalid(given + " is not a number; it must be " + range_text(setting));
    case SettingKind::integer:
      if (const auto value = whole_number(text)) return value_of_number(static_cast<double>(*value));
      return invalid(given + " is not a whole number; it must be " + range_text(setting));
    case SettingKind::word: {
      const auto found = std::find(setting.words.begin(), setting.words.end(), text);
      if (found == setting.words.end()) return invalid(given + " is not one of " + joined(setting.words));
      return value_of_number(static_cast<double>(found - setting.words.begin()));
    }
    case SettingKind::epsilon:
      if (const auto value = epsilon_value(text)) return *value;
      return invalid(given + " is not START:FLOOR or START:FLOOR:STEPS, such as 1:0.05:2000");
    case SettingKind::stages:
      if (const auto value = stages_value(text)) return *value;
      return invalid(given + " is not PATHS:JOINT:CONTROL or PATHS:CHOICE:JOINT:CONTROL, such as 40:50:10");
    case SettingKind::metric: {
      const auto metric = parse_metric(text);
      if (!metric.ok()) return metric.status();
      return TrainSettingValue{{static_cast<double>(metric->kind), static_cast<double>(metric->positive)}};
    }
    case SettingKind::loss:
      break;  // it has an output: parse_loss
  }
  return invalid(given + " cannot be read");
}

}  // namespace d2nn::train
