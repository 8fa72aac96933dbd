// One reader for the one block: each statement by itself, then what statements say about each other.
#include "sema/train.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "diag/spelling.h"
#include "sema/report.h"
#include "sema/reward.h"
#include "sema/train_settings.h"

namespace d2nn::sema {
namespace {

using graph::LossKind;
using graph::MetricKind;
using graph::RewardCode;

constexpr std::array<std::string_view, 2> loss_names{"cross_entropy", "q_learning"};
constexpr std::array<std::string_view, 2> metric_names{"accuracy", "f1"};
/// Options of `d2nn train` about one run or one machine, no part of a program.
constexpr std::array<std::string_view, 10> run_options{
    "data", "output", "init", "checkpoint", "resume", "resize", "threads", "checkpoint_every", "quiet", "json"};

SourceRange keyword(SourceRange range) {
  return {range.file, range.begin, std::min(range.end, range.begin + 5)};
}

/// "cross_entropy", "f1(positive: 1)": a name, perhaps with arguments.
struct Choice {
  const ast::Name* name = nullptr;
  const std::vector<ast::Argument>* arguments = nullptr;
};

std::optional<Choice> as_choice(const ast::Expr& expr) {
  static const std::vector<ast::Argument> none;
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.value)) return Choice{&name->name, &none};
  const auto* call = std::get_if<ast::CallExpr>(&expr.value);
  if (call == nullptr || call->module || call->tensors || call->label) return std::nullopt;
  return Choice{&call->callee, &call->arguments};
}

class Trainer {
 public:
  Trainer(Draft& draft, diag::Sink& sink) : draft_(draft), sink_(sink) {}

  void run() {
    find_blocks(draft_.network.items, false);
    if (block_ == nullptr) return;
    for (const ast::TrainLoss& loss : block_->losses) read_loss(loss);
    for (const ast::TrainSetting& setting : block_->settings) read_statement(setting);
    check_classes();
    warn_unused_settings();
    draft_.program.train = std::move(spec_);
  }

 private:
  void find_blocks(const std::vector<ast::NetworkItem>& items, bool in_loop) {
    for (const ast::NetworkItem& item : items) {
      const bool is_loop = std::holds_alternative<std::unique_ptr<ast::For>>(item);
      for (const auto* nested : ast::nested_items(item)) find_blocks(*nested, in_loop || is_loop);
      const auto* train = std::get_if<ast::Train>(&item);
      if (train == nullptr) continue;
      const SourceRange place = keyword(train->range);
      if (in_loop) {
        Report(code("E0614"), place, "`train` stands in a `for`, but a network is trained as a whole")
            .advise("move it out of the loop")
            .to(sink_);
      } else if (!stands(item)) {
        continue;  // in a branch of `if` that is not taken
      } else if (block_ != nullptr) {
        Report(code("E0601"), place, "the network has a second `train`")
            .note(keyword(block_->range), "the first is here")
            .advise("write everything into one")
            .to(sink_);
      } else {
        block_ = train;
      }
    }
  }

  bool stands(const ast::NetworkItem& item) const {
    return std::any_of(draft_.items.begin(), draft_.items.end(), [&](const Item& it) { return it.item == &item; });
  }

  /// False when the statement of this key was there before, which is reported.
  bool is_first(const std::string& key, const std::string& what, SourceRange range) {
    const auto [first, is_new] = given_.emplace(key, range);
    if (is_new) return true;
    Report(code("E0603"), range, what + " is given twice").note(first->second, "first given here").to(sink_);
    return false;
  }

  // ---- losses ----

  void read_loss(const ast::TrainLoss& loss) {
    const auto output = find_output(loss.output, "a loss", draft_, sink_);
    const bool is_new =
        !output || is_first("loss " + loss.output.text, "the loss of " + quoted(loss.output.text), loss.output.range);
    const auto choice = as_choice(*loss.loss);
    if (!choice) {
      unknown(code("E0604"), loss.loss->range, "a loss is a name, perhaps with arguments", "", loss_names);
      return;
    }
    graph::OutputLoss result;
    if (choice->name->text == "cross_entropy") {
      result.kind = LossKind::cross_entropy;
    } else if (choice->name->text == "q_learning") {
      result.kind = LossKind::q_learning_counterfactual;
    } else {
      unknown(code("E0604"), choice->name->range, "there is no loss " + quoted(choice->name->text), choice->name->text,
              loss_names);
      return;
    }
    if (!read_loss_arguments(*choice, result) || !output || !is_new) return;
    result.output = *output;
    spec_.losses.push_back(result);
  }

  bool read_loss_arguments(const Choice& choice, graph::OutputLoss& loss) {
    const bool is_q_learning = loss.kind != LossKind::cross_entropy;
    bool is_well = true;
    const ast::Argument* form = nullptr;
    const ast::Argument* weight = nullptr;
    for (const ast::Argument& argument : *choice.arguments) {
      const ast::Argument*& slot = argument.name ? weight : form;
      const auto* word = std::get_if<ast::NameExpr>(&argument.value->value);
      if (argument.name && argument.name->text != "weight") {
        is_well = refuse_argument(argument.name->range,
                                  quoted(choice.name->text) + " has no argument " + quoted(argument.name->text));
      } else if (slot != nullptr) {
        is_well = refuse_argument(
            argument.range, argument.name ? "`weight` is given twice" : quoted(choice.name->text) + " takes one form");
      } else if (argument.name) {
        weight = &argument;
        is_well = read_weight(*argument.value, loss) && is_well;
      } else if (is_q_learning && word != nullptr &&
                 (word->name.text == "counterfactual" || word->name.text == "plain")) {
        form = &argument;
        if (word->name.text == "plain") loss.kind = LossKind::q_learning_plain;
      } else {
        is_well = refuse_argument(
            argument.range, is_q_learning ? "`q_learning` has no such form" : "`cross_entropy` takes no such argument",
            is_q_learning);
      }
    }
    return is_well;
  }

  bool refuse_argument(SourceRange range, const std::string& message, bool has_forms = false) {
    Report(code("E0605"), range, message)
        .advise(has_forms ? "write `q_learning(counterfactual)`, `q_learning(plain)`, or either with `weight: 0.5`"
                          : "write `weight: 0.5` for a weight")
        .to(sink_);
    return false;
  }

  bool read_weight(const ast::Expr& expr, graph::OutputLoss& loss) {
    const auto weight = read_real(expr, "`weight`", draft_, sink_);
    if (!weight) return false;
    loss.weight = *weight;
    if (*weight >= 0) return true;
    Report(code("E0605"), expr.range, "`weight` is negative, but must be at least 0").to(sink_);
    return false;
  }

  // ---- metric, reward, settings ----

  void read_statement(const ast::TrainSetting& statement) {
    const std::string& name = statement.name.text;
    const SettingInfo* setting = find_setting(name);
    const bool is_known = setting != nullptr || name == "metric" || name == "reward";
    if (!is_known) return report_unknown_setting(statement.name);
    if (!is_first(name, quoted(name), statement.name.range)) return;
    if (name == "metric") {
      read_metric(*statement.value);
    } else if (name == "reward") {
      reward_ = statement.value.get();
      if (auto reward = read_reward(*statement.value, draft_, sink_)) spec_.reward = *std::move(reward);
    } else if (auto value = read_setting(*setting, *statement.value, draft_, sink_)) {
      spec_.settings.emplace_back(name, *std::move(value));
      setting_ranges_.push_back(statement.name.range);
    }
  }

  void report_unknown_setting(const ast::Name& name) {
    std::vector<std::string_view> known{"metric", "reward"};
    for (const SettingInfo& setting : train_settings()) known.push_back(setting.name);
    std::string advice;
    std::string_view nearest;
    if (name.text == "loss") {
      advice = "name the output: `loss scores: cross_entropy;`";
    } else if (std::find(run_options.begin(), run_options.end(), name.text) != run_options.end()) {
      std::string option = name.text;
      std::replace(option.begin(), option.end(), '_', '-');
      advice = "it belongs to one run: give `--" + option + "` on the command line";
    } else {
      nearest = diag::closest(name.text, known);
      if (nearest.empty()) {
        for (const std::string_view setting : known)
          advice += (advice.empty() ? "it has `loss`, `" : ", `") + std::string(setting) + "`";
      }
    }
    Report(code("E0608"), name.range, "`train` has no setting " + quoted(name.text))
        .did_you_mean(name.range, nearest)
        .advise(advice)
        .to(sink_);
  }

  void read_metric(const ast::Expr& expr) {
    metric_range_ = expr.range;
    const auto choice = as_choice(expr);
    if (!choice)
      return unknown(code("E0606"), expr.range, "a metric is a name, perhaps with arguments", "", metric_names);
    graph::Metric metric;
    if (choice->name->text == "f1") {
      metric.kind = MetricKind::f1;
    } else if (choice->name->text != "accuracy") {
      return unknown(code("E0606"), choice->name->range, "there is no metric " + quoted(choice->name->text),
                     choice->name->text, metric_names);
    }
    const bool is_f1 = metric.kind == MetricKind::f1;
    for (const ast::Argument& argument : *choice->arguments) {
      const bool is_positive = is_f1 && argument.name && argument.name->text == "positive";
      if (!is_positive || &argument != &choice->arguments->front()) {
        Report(code("E0605"), argument.range, quoted(choice->name->text) + " takes no such argument")
            .advise(is_f1 ? "write `f1(positive: 1)` with the number of the positive class" : "write `accuracy`")
            .to(sink_);
        return;
      }
      const auto value =
          Evaluator(draft_.constants, sink_).evaluate_as(*argument.value, ValueType::integer, "`positive`");
      if (!value) return;
      metric_range_ = argument.value->range;
      const std::int64_t positive = std::get<std::int64_t>(*value);
      if (positive < 0 || positive > INT32_MAX) return refuse_class(positive, argument.value->range);
      metric.positive = static_cast<std::int32_t>(positive);
    }
    spec_.metric = metric;
  }

  /// A name that is none of `known`.
  void unknown(const diag::DiagnosticCode* diagnostic, SourceRange range, const std::string& message,
               const std::string& found, std::span<const std::string_view> known) {
    const std::string_view nearest = diag::closest(found, known);
    std::string list;
    for (const std::string_view name : known) list += (list.empty() ? "`" : " or `") + std::string(name) + "`";
    Report(diagnostic, range, message)
        .did_you_mean(range, nearest)
        .advise(nearest.empty() ? "write " + list : "")
        .to(sink_);
  }

  // ---- what statements say about each other ----

  bool reads(RewardCode code) const {
    return std::any_of(spec_.reward.begin(), spec_.reward.end(), [&](const auto& step) { return step.code == code; });
  }

  void refuse_class(std::int64_t positive, SourceRange range) {
    Report report(code("E0607"), range,
                  "F1 is about class " + std::to_string(positive) +
                      (positive < 0 ? ", but classes begin at 0" : ", which an output does not have"));
    for (const graph::Node& node : draft_.program.nodes) {
      if (node.kind != graph::NodeKind::output || node.shape.rank() == 0 || node.shape.elements() > positive) continue;
      report.note(node.range,
                  quoted(node.name) + " has " + counted(static_cast<std::size_t>(node.shape.elements()), "score"));
      break;
    }
    report.to(sink_);
  }

  /// Every output needs a score for the class that F1 is about.
  void check_classes() {
    const graph::Metric metric = spec_.metric.value_or(graph::Metric{});
    if (metric.kind != MetricKind::f1 && !reads(RewardCode::f1)) return;
    for (const graph::Node& node : draft_.program.nodes) {
      if (node.kind != graph::NodeKind::output || node.shape.rank() == 0) continue;  // a wrong type was reported
      if (metric.positive < node.shape.elements()) continue;
      return refuse_class(metric.positive, metric.kind == MetricKind::f1 ? metric_range_ : reward_->range);
    }
  }

  void warn_unused_settings() {
    if (spec_.reward.empty()) return;
    for (std::size_t i = 0; i < spec_.settings.size(); ++i) {
      for (const RewardCode word : {RewardCode::lambda, RewardCode::efficiency, RewardCode::efficiency_weight}) {
        if (spelling(word) != spec_.settings[i].first || reads(word)) continue;
        Report(code("E0613"), setting_ranges_[i], "the reward does not read " + quoted(spec_.settings[i].first))
            .note(reward_->range, "the reward is given here")
            .to(sink_);
      }
    }
  }

  Draft& draft_;
  diag::Sink& sink_;
  const ast::Train* block_ = nullptr;
  graph::TrainSpec spec_;
  std::map<std::string, SourceRange> given_;
  std::vector<SourceRange> setting_ranges_;  // of the names of spec_.settings
  SourceRange metric_range_;                 // of the class, or of the metric
  const ast::Expr* reward_ = nullptr;
};

}  // namespace

void check_train(Draft& draft, diag::Sink& sink) {
  Trainer(draft, sink).run();
}

}  // namespace d2nn::sema
