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

/// The shortest text that reads back as the same double.
std::string spell(double value) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, end};
}

std::string quoted(std::string_view text) {
  return "`" + std::string(text) + "`";
}

std::string_view spelling(LossKind kind) {
  switch (kind) {
    case LossKind::cross_entropy:
      return "cross_entropy";
    case LossKind::q_learning_counterfactual:
      return "q_learning(counterfactual)";
    case LossKind::q_learning_plain:
      return "q_learning(plain)";
  }
  return "";
}

}  // namespace

double TrainOptions::effective_learning_rate() const {
  if (learning_rate) return *learning_rate;
  return optimizer == OptimizerKind::adam ? 0.001 : 0.01;
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

std::vector<std::pair<std::string, std::string>> settings(const TrainOptions& options) {
  std::string losses;
  for (const OutputLoss& loss : options.losses) {
    losses +=
        (losses.empty() ? "" : ",") + loss.output + "=" + std::string(spelling(loss.kind)) + ":" + spell(loss.weight);
  }
  const std::string metric =
      options.metric.kind == MetricKind::accuracy ? "accuracy" : "f1:" + std::to_string(options.metric.positive);
  const auto& epsilon = options.epsilon;
  const auto& stages = options.stages;
  return {
      {"--loss", losses},
      {"--metric", metric},
      {"--lambda", spell(options.lambda)},
      {"--efficiency", options.efficiency == EfficiencyKind::inverse ? "inverse" : "linear"},
      {"--efficiency-weight", spell(options.efficiency_weight)},
      {"--epsilon", spell(epsilon.start) + ":" + spell(epsilon.floor) + ":" + std::to_string(epsilon.steps)},
      {"--bag", std::to_string(options.bag)},
      {"--batch", std::to_string(options.batch)},
      {"--epochs", std::to_string(options.epochs)},
      {"--stages", spell(stages.paths) + ":" + (stages.choice > 0 ? spell(stages.choice) + ":" : "") +
                       spell(stages.joint) + ":" + spell(stages.control)},
      {"--pretrain", options.pretrain_epochs ? spell(*options.pretrain_epochs) : "by --stages"},
      {"--optimizer", options.optimizer == OptimizerKind::adam ? "adam" : "sgd"},
      {"--lr", spell(options.effective_learning_rate())},
      {"--lr-schedule", options.rate_schedule == RateSchedule::cosine ? "cosine" : "constant"},
      {"--momentum", spell(options.momentum)},
      {"--weight-decay", spell(options.weight_decay)},
      {"--bag-reward", options.bag_reward == BagReward::share ? "share" : "whole"},
      {"--explore", options.explore == Explore::chosen ? "chosen" : "all"},
      {"--control-weight", spell(options.control_weight)},
      {"--holdout", spell(options.holdout)},
      {"--eval-every", std::to_string(options.eval_every)},
      {"--seed", std::to_string(options.seed)},
      {"--init", options.initial_weights},
      {"reward", options.effective_reward_text()},
  };
}

Status check(const TrainOptions& options) {
  const auto between = [](double value, double low, double high) { return value >= low && value <= high; };
  const auto range = [](const char* option, double value, const char* wanted) {
    return invalid(std::string(option) + " is " + spell(value) + ": it must be " + wanted);
  };
  const auto& epsilon = options.epsilon;
  const auto& stages = options.stages;
  if (!between(options.lambda, 0, 1))
    return range("--lambda", options.lambda, "between 0 (cost alone) and 1 (the metric alone)");
  if (!between(options.efficiency_weight, 0, 1e3))
    return range("--efficiency-weight", options.efficiency_weight, "between 0 and 1000");
  if (!between(epsilon.start, 0, 1)) return range("the start of --epsilon", epsilon.start, "between 0 and 1");
  if (!between(epsilon.floor, 0, epsilon.start))
    return range("the floor of --epsilon", epsilon.floor, "between 0 and the start");
  if (!between(static_cast<double>(options.bag), 1, 1 << 20)) {
    return range("--bag", static_cast<double>(options.bag), "between 1 and 1048576 samples");
  }
  if (!between(static_cast<double>(options.batch), 1, 1 << 20)) {
    return range("--batch", static_cast<double>(options.batch), "between 1 and 1048576 bags");
  }
  if (!between(static_cast<double>(options.epochs), 1, 1e6)) {
    return range("--epochs", static_cast<double>(options.epochs), "between 1 and 1000000");
  }
  if (options.pretrain_epochs && !between(*options.pretrain_epochs, 0, static_cast<double>(options.epochs))) {
    return range("--pretrain", *options.pretrain_epochs, "between 0 and the number of epochs");
  }
  const double shares[] = {stages.paths, stages.choice, stages.joint, stages.control};
  const double share_sum = std::accumulate(std::begin(shares), std::end(shares), 0.0);
  if (*std::min_element(std::begin(shares), std::end(shares)) < 0 || share_sum <= 0 || !std::isfinite(share_sum)) {
    return invalid("--stages needs shares that are not negative and not all 0, such as 40:50:10");
  }
  if (options.learning_rate && !(*options.learning_rate > 0 && *options.learning_rate <= 1e3))
    return range("--lr", *options.learning_rate, "above 0 and at most 1000 (left out: the optimizer's default)");
  if (!(options.momentum >= 0 && options.momentum < 1))
    return range("--momentum", options.momentum, "at least 0 and below 1");
  if (!between(options.weight_decay, 0, 1e3))
    return range("--weight-decay", options.weight_decay, "between 0 and 1000");
  if (!between(options.control_weight, 0, 1e9))
    return range("--control-weight", options.control_weight, "between 0 and 1000000000");
  if (!(options.holdout >= 0 && options.holdout < 1))
    return range("--holdout", options.holdout, "at least 0 and below 1");
  if (options.eval_every < 1) return range("--eval-every", static_cast<double>(options.eval_every), "at least 1 epoch");
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

Result<EpsilonSchedule> parse_epsilon(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() == 2 || parts.size() == 3) {
    const auto start = number(parts[0]);
    const auto floor = number(parts[1]);
    const auto steps = parts.size() == 3 ? whole_number(parts[2]) : std::int64_t{0};
    if (start && floor && steps) return EpsilonSchedule{*start, *floor, *steps};
  }
  return invalid("--epsilon " + quoted(text) + " is not START:FLOOR or START:FLOOR:STEPS, such as 1:0.05:2000");
}

Result<StageShares> parse_stages(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() == 3 || parts.size() == 4) {
    const auto paths = number(parts.front());
    const auto choice = parts.size() == 4 ? number(parts[1]) : 0.0;
    const auto joint = number(parts[parts.size() - 2]);
    const auto control = number(parts.back());
    if (paths && choice && joint && control) return StageShares{*paths, *choice, *joint, *control};
  }
  return invalid("--stages " + quoted(text) +
                 " is not PATHS:JOINT:CONTROL or PATHS:CHOICE:JOINT:CONTROL, such as 40:50:10");
}

}  // namespace d2nn::train
