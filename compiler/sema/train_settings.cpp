// One reader per kind of value.
#include "sema/train_settings.h"

#include <algorithm>

#include "diag/spelling.h"
#include "sema/report.h"
#include "sema/reward.h"

namespace d2nn::sema {
namespace {

std::string list_of(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "`" : i + 1 == words.size() ? " or `" : ", `") + std::string(words[i]) + "`";
  return text;
}

class Reader {
 public:
  Reader(const TrainSettingInfo& setting, const ast::Expr& value, const Draft& draft, diag::Sink& sink)
      : setting_(setting), value_(value), draft_(draft), sink_(sink), name_(quoted(std::string(setting.name))) {}

  std::optional<TrainSettingValue> read() const {
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
      case SettingKind::metric:
      case SettingKind::loss:
        break;  // statements of their own
    }
    return std::nullopt;
  }

 private:
  std::nullopt_t refuse(SourceRange range, const std::string& message, const std::string& advice = "") const {
    Report(code("E0609"), range, message).advise(advice).to(sink_);
    return std::nullopt;
  }

  std::optional<TrainSettingValue> read_number() const {
    const auto number = read_real(value_, name_, draft_, sink_);
    if (!number) return std::nullopt;
    if (is_within(setting_, *number)) return TrainSettingValue{{*number}};
    return refuse(value_.range, name_ + " is " + spell(*number) + ", but must be " + range_text(setting_));
  }

  std::optional<TrainSettingValue> read_integer() const {
    const auto value = Evaluator(draft_.constants, sink_).evaluate_as(value_, ValueType::integer, name_);
    if (!value) return std::nullopt;
    const std::int64_t integer = std::get<std::int64_t>(*value);
    if (is_within(setting_, static_cast<double>(integer))) return TrainSettingValue{{static_cast<double>(integer)}};
    return refuse(value_.range, name_ + " is " + std::to_string(integer) + ", but must be " + range_text(setting_));
  }

  std::optional<TrainSettingValue> read_word() const {
    const auto* name = std::get_if<ast::NameExpr>(&value_.value);
    if (name == nullptr) return refuse(value_.range, name_ + " is one word", "write " + list_of(setting_.words));
    const auto word = std::find(setting_.words.begin(), setting_.words.end(), name->name.text);
    if (word != setting_.words.end()) {
      return TrainSettingValue{{static_cast<double>(word - setting_.words.begin())}};
    }
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

  std::optional<TrainSettingValue> read_epsilon() const {
    const auto numbers = read_list(2, 3, "start and floor, as in `[1, 0.05]`, and perhaps steps");
    if (!numbers) return std::nullopt;
    const double start = (*numbers)[0];
    const double floor = (*numbers)[1];
    if (start < 0 || start > 1)
      return refuse(item_range(0),
                    "the start of `epsilon` is " + spell(start) + ", but must be at least 0 and at most 1");
    if (floor < 0 || floor > start) {
      return refuse(item_range(1), "the floor of `epsilon` is " + spell(floor) +
                                       ", but must be at least 0 and at most the start, " + spell(start));
    }
    if (numbers->size() == 2) return TrainSettingValue{{start, floor}};
    const double steps = (*numbers)[2];
    if (steps < 0 || steps > max_integer || steps != static_cast<double>(static_cast<std::int64_t>(steps)))
      return refuse(item_range(2), "`epsilon` falls over " + spell(steps) + " steps, but needs a whole number of them");
    return TrainSettingValue{{start, floor, steps}};
  }

  std::optional<TrainSettingValue> read_stages() const {
    const auto shares = read_list(3, 4, "three or four shares, as in `[40, 50, 10]`");
    if (!shares) return std::nullopt;
    double sum = 0;
    for (std::size_t i = 0; i < shares->size(); ++i) {
      if ((*shares)[i] < 0)
        return refuse(item_range(i), "a share of `stages` is " + spell((*shares)[i]) + ", but must be at least 0");
      sum += (*shares)[i];
    }
    if (sum <= 0) return refuse(value_.range, "the shares of `stages` are all 0");
    const bool has_choice = shares->size() == 4;
    return TrainSettingValue{
        {shares->front(), has_choice ? (*shares)[1] : 0, (*shares)[shares->size() - 2], shares->back()}};
  }

  const TrainSettingInfo& setting_;
  const ast::Expr& value_;
  const Draft& draft_;
  diag::Sink& sink_;
  std::string name_;
};

}  // namespace

std::optional<TrainSettingValue> read_setting(const TrainSettingInfo& setting, const ast::Expr& value,
                                              const Draft& draft, diag::Sink& sink) {
  return Reader(setting, value, draft, sink).read();
}

}  // namespace d2nn::sema
