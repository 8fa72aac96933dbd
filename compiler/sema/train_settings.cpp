// The table, and one reader per kind of value.
#include "sema/train_settings.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "diag/spelling.h"
#include "sema/report.h"
#include "sema/reward.h"

namespace d2nn::sema {
namespace {

constexpr std::array<std::string_view, 2> efficiency_words{"inverse", "linear"};
constexpr std::array<std::string_view, 2> bag_reward_words{"share", "whole"};
constexpr std::array<std::string_view, 2> explore_words{"chosen", "all"};
constexpr std::array<std::string_view, 2> optimizer_words{"adam", "sgd"};
constexpr std::array<std::string_view, 2> lr_schedule_words{"cosine", "constant"};
constexpr double max_count = 1 << 20;
constexpr double max_integer = 9007199254740992;  // 2^53: exact as a double, and more than any count

// clang-format off
constexpr auto settings = std::to_array<SettingInfo>({
    {"lambda", SettingKind::number, 0, 1, false, false, {}},
    {"efficiency", SettingKind::word, 0, 0, false, false, efficiency_words},
    {"efficiency_weight", SettingKind::number, 0, 1000, false, false, {}},
    {"control_weight", SettingKind::number, 0, 1e9, false, false, {}},
    {"bag_reward", SettingKind::word, 0, 0, false, false, bag_reward_words},
    {"epsilon", SettingKind::epsilon, 0, 1, false, false, {}},
    {"explore", SettingKind::word, 0, 0, false, false, explore_words},
    {"stages", SettingKind::stages, 0, 0, false, false, {}},
    {"pretrain", SettingKind::number, 0, 1e6, false, false, {}},
    {"epochs", SettingKind::integer, 1, 1e6, false, false, {}},
    {"bag", SettingKind::integer, 1, max_count, false, false, {}},
    {"batch", SettingKind::integer, 1, max_count, false, false, {}},
    {"optimizer", SettingKind::word, 0, 0, false, false, optimizer_words},
    {"lr", SettingKind::number, 0, 1000, true, false, {}},
    {"lr_schedule", SettingKind::word, 0, 0, false, false, lr_schedule_words},
    {"momentum", SettingKind::number, 0, 1, false, true, {}},
    {"weight_decay", SettingKind::number, 0, 1000, false, false, {}},
    {"holdout", SettingKind::number, 0, 1, false, true, {}},
    {"eval_every", SettingKind::integer, 1, max_integer, false, false, {}},
    {"seed", SettingKind::integer, 0, max_integer, false, false, {}},
});
// clang-format on

/// As the command line reads it: the shortest text of the same number.
std::string spell(double number) {
  std::array<char, 64> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return {buffer.data(), end};
}

std::string list_of(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "`" : i + 1 == words.size() ? " or `" : ", `") + std::string(words[i]) + "`";
  return text;
}

std::string range_text(const SettingInfo& setting) {
  return (setting.excludes_least ? "above " : "at least ") + spell(setting.least) + " and " +
         (setting.excludes_greatest ? "below " : "at most ") +
         (setting.greatest == max_integer ? "2^53" : std::to_string(static_cast<std::int64_t>(setting.greatest)));
}

bool is_within(const SettingInfo& setting, double number) {
  return (setting.excludes_least ? number > setting.least : number >= setting.least) &&
         (setting.excludes_greatest ? number < setting.greatest : number <= setting.greatest);
}

class Reader {
 public:
  Reader(const SettingInfo& setting, const ast::Expr& value, const Draft& draft, diag::Sink& sink)
      : setting_(setting), value_(value), draft_(draft), sink_(sink), name_(quoted(std::string(setting.name))) {}

  std::optional<std::string> read() const {
    switch (setting_.kind) {
      case SettingKind::number:
        return read_number();
      case SettingKind::integer:
        return read_integer();
      case SettingKind::word:
        return read_word();
      case SettingKind::epsilon:
        return read_epsilon();
      case SettingKind::stages:
        return read_stages();
    }
    return std::nullopt;
  }

 private:
  std::nullopt_t refuse(SourceRange range, const std::string& message, const std::string& advice = "") const {
    Report(code("E0609"), range, message).advise(advice).to(sink_);
    return std::nullopt;
  }

  std::optional<std::string> read_number() const {
    const auto number = read_real(value_, name_, draft_, sink_);
    if (!number) return std::nullopt;
    if (is_within(setting_, *number)) return spell(*number);
    return refuse(value_.range, name_ + " is " + spell(*number) + ", but must be " + range_text(setting_));
  }

  std::optional<std::string> read_integer() const {
    const auto value = Evaluator(draft_.constants, sink_).evaluate_as(value_, ValueType::integer, name_);
    if (!value) return std::nullopt;
    const std::int64_t integer = std::get<std::int64_t>(*value);
    if (is_within(setting_, static_cast<double>(integer))) return std::to_string(integer);
    return refuse(value_.range, name_ + " is " + std::to_string(integer) + ", but must be " + range_text(setting_));
  }

  std::optional<std::string> read_word() const {
    const auto* name = std::get_if<ast::NameExpr>(&value_.value);
    if (name == nullptr) return refuse(value_.range, name_ + " is one word", "write " + list_of(setting_.words));
    if (std::find(setting_.words.begin(), setting_.words.end(), name->name.text) != setting_.words.end())
      return name->name.text;
    const std::string_view nearest = diag::closest(name->name.text, setting_.words);
    Report(code("E0609"), value_.range, name_ + " knows no " + quoted(name->name.text))
        .did_you_mean(value_.range, nearest)
        .advise(nearest.empty() ? "write " + list_of(setting_.words) : "")
        .to(sink_);
    return std::nullopt;
  }

  /// The numbers of a list of `least` to `greatest` items.
  std::optional<std::vector<double>> read_list(std::size_t least, std::size_t greatest,
                                               const std::string& wanted) const {
    const auto* list = std::get_if<ast::ListExpr>(&value_.value);
    if (list == nullptr || list->items.size() < least || list->items.size() > greatest)
      return refuse(value_.range, name_ + " is a list of " + wanted);
    std::vector<double> numbers;
    for (const ast::ExprPtr& item : list->items) {
      const auto number = read_real(*item, name_, draft_, sink_);
      if (!number) return std::nullopt;
      numbers.push_back(*number);
    }
    return numbers;
  }

  SourceRange item_range(std::size_t index) const { return std::get<ast::ListExpr>(value_.value).items[index]->range; }

  std::optional<std::string> read_epsilon() const {
    const auto numbers = read_list(2, 3, "start and floor, as in `[1, 0.05]`, and perhaps steps");
    if (!numbers) return std::nullopt;
    const double start = (*numbers)[0];
    const double floor = (*numbers)[1];
    if (!is_within(setting_, start))
      return refuse(item_range(0),
                    "the start of `epsilon` is " + spell(start) + ", but must be at least 0 and at most 1");
    if (floor < 0 || floor > start) {
      return refuse(item_range(1), "the floor of `epsilon` is " + spell(floor) +
                                       ", but must be at least 0 and at most the start, " + spell(start));
    }
    std::string text = spell(start) + ":" + spell(floor);
    if (numbers->size() == 2) return text;
    const double steps = (*numbers)[2];
    if (steps < 0 || steps > max_integer || steps != static_cast<double>(static_cast<std::int64_t>(steps)))
      return refuse(item_range(2), "`epsilon` falls over " + spell(steps) + " steps, but needs a whole number of them");
    return text + ":" + std::to_string(static_cast<std::int64_t>(steps));
  }

  std::optional<std::string> read_stages() const {
    const auto shares = read_list(3, 4, "three or four shares, as in `[40, 50, 10]`");
    if (!shares) return std::nullopt;
    double sum = 0;
    for (std::size_t i = 0; i < shares->size(); ++i) {
      if ((*shares)[i] < 0)
        return refuse(item_range(i), "a share of `stages` is " + spell((*shares)[i]) + ", but must be at least 0");
      sum += (*shares)[i];
    }
    if (sum <= 0) return refuse(value_.range, "the shares of `stages` are all 0");
    std::string text;
    for (const double share : *shares) text += (text.empty() ? "" : ":") + spell(share);
    return text;
  }

  const SettingInfo& setting_;
  const ast::Expr& value_;
  const Draft& draft_;
  diag::Sink& sink_;
  std::string name_;
};

}  // namespace

std::span<const SettingInfo> train_settings() {
  return settings;
}

const SettingInfo* find_setting(std::string_view name) {
  const auto found = std::find_if(settings.begin(), settings.end(), [&](const auto& row) { return row.name == name; });
  return found == settings.end() ? nullptr : &*found;
}

std::optional<std::string> read_setting(const SettingInfo& setting, const ast::Expr& value, const Draft& draft,
                                        diag::Sink& sink) {
  return Reader(setting, value, draft, sink).read();
}

}  // namespace d2nn::sema
