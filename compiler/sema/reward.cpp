// One recursive reader for rewards and for real constants, which are rewards without words. Recursion follows the
// nesting of the text, which the parser bounds.
#include "sema/reward.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "diag/spelling.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

using graph::RewardStep;
using Steps = std::vector<RewardStep>;

/// Words of a reward: they hide constants and parameters of the same name.
constexpr std::array words{RewardCode::metric,           RewardCode::accuracy, RewardCode::f1,
                           RewardCode::efficiency,       RewardCode::cost,     RewardCode::lambda,
                           RewardCode::efficiency_weight};
/// What changes from bag to bag.
constexpr std::array bag_words{RewardCode::metric, RewardCode::accuracy, RewardCode::f1, RewardCode::efficiency,
                               RewardCode::cost};

std::optional<RewardCode> find_word(std::string_view name) {
  for (const RewardCode code : words) {
    if (spelling(code) == name) return code;
  }
  return std::nullopt;
}

bool is_metric(RewardCode code) {
  return code == RewardCode::metric || code == RewardCode::accuracy || code == RewardCode::f1;
}

std::optional<RewardCode> arithmetic(ast::BinaryOp op) {
  switch (op) {
    case ast::BinaryOp::add:
      return RewardCode::add;
    case ast::BinaryOp::subtract:
      return RewardCode::subtract;
    case ast::BinaryOp::multiply:
      return RewardCode::multiply;
    case ast::BinaryOp::divide:
      return RewardCode::divide;
    default:
      return std::nullopt;
  }
}

bool is_number(const Steps& steps) {
  return steps.size() == 1 && steps[0].code == RewardCode::number;
}

class Reader {
 public:
  /// what: of the value in messages. has_words: whether it may read what training computes.
  Reader(const Draft& draft, diag::Sink& sink, std::string what, bool has_words)
      : draft_(draft), sink_(sink), what_(std::move(what)), has_words_(has_words) {}

  std::optional<Steps> read(const ast::Expr& expr) const {
    if (const auto* binary = std::get_if<ast::BinaryExpr>(&expr.value)) return read_binary(*binary, expr.range);
    if (const auto* unary = std::get_if<ast::UnaryExpr>(&expr.value)) return read_unary(*unary, expr.range);
    const auto* call = std::get_if<ast::CallExpr>(&expr.value);
    const bool is_member = call != nullptr && call->module && !call->has_arguments && !call->tensors && !call->label;
    if (call != nullptr && !is_member) return read_call(*call, expr.range);
    if (const auto* name = std::get_if<ast::NameExpr>(&expr.value)) {
      const auto word = find_word(name->name.text);
      if (has_words_ && word) return Steps{{*word, {}, 0}};
      if (has_words_ && draft_.constants.find(name->name.text) == nullptr) return unknown(name->name);
    }
    const bool is_value =
        !std::holds_alternative<ast::ListExpr>(expr.value) && !std::holds_alternative<ast::PipelineExpr>(expr.value) &&
        !std::holds_alternative<ast::RepeatExpr>(expr.value) && !std::holds_alternative<ast::IndexExpr>(expr.value);
    if (!is_value) return refuse(expr.range, what_ + " is arithmetic on numbers");
    const std::optional<Value> value = Evaluator(draft_.constants, sink_).evaluate_as(expr, ValueType::number, what_);
    if (!value) return std::nullopt;
    return Steps{{RewardCode::number, {}, std::get<double>(*value)}};
  }

 private:
  std::nullopt_t refuse(SourceRange range, const std::string& message) const {
    Report(code("E0611"), range, message)
        .advise(has_words_ ? "a reward has numbers, names, `+ - * /`, `min(a, b)` and `max(a, b)`"
                           : "write a number, or arithmetic on constants and parameters")
        .to(sink_);
    return std::nullopt;
  }

  std::nullopt_t unknown(const ast::Name& name) const {
    std::vector<std::string_view> names;
    for (const RewardCode word : words) names.push_back(spelling(word));
    for (const std::string_view value : draft_.constants.value_names()) names.push_back(value);
    const std::string_view nearest = diag::closest(name.text, names);
    Report(code("E0610"), name.range, "a reward knows no " + quoted(name.text))
        .did_you_mean(name.range, nearest)
        .advise(nearest.empty() ? "it reads `metric`, `accuracy`, `f1`, `efficiency`, `cost`, `lambda`, "
                                  "`efficiency_weight`, constants and parameters"
                                : "")
        .to(sink_);
    return std::nullopt;
  }

  std::optional<Steps> read_unary(const ast::UnaryExpr& unary, SourceRange range) const {
    if (unary.op != '-') return refuse({range.file, range.begin, range.begin + 1}, "`!` has no place in " + what_);
    auto operand = read(*unary.operand);
    if (!operand) return std::nullopt;
    if (is_number(*operand)) return Steps{{RewardCode::number, {}, -operand->front().number}};
    operand->push_back({RewardCode::negate, {}, 0});
    return operand;
  }

  std::optional<Steps> read_binary(const ast::BinaryExpr& binary, SourceRange range) const {
    auto left = read(*binary.left);
    auto right = read(*binary.right);
    const auto operation = arithmetic(binary.op);
    if (!operation) return refuse(binary.op_range, "a comparison, logic or remainder has no place in " + what_);
    if (!left || !right) return std::nullopt;
    if (*operation == RewardCode::divide && is_number(*right) && right->front().number == 0) {
      Report(code("E0207"), binary.right->range, "the divisor is 0").to(sink_);
      return std::nullopt;
    }
    return combine(*operation, std::move(*left), *right, range);
  }

  std::optional<Steps> combine(RewardCode operation, Steps left, const Steps& right, SourceRange range) const {
    if (!is_number(left) || !is_number(right)) {
      left.insert(left.end(), right.begin(), right.end());
      left.push_back({operation, {}, 0});
      return left;
    }
    const double result = apply(operation, left.front().number, right.front().number);
    if (std::isfinite(result)) return Steps{{RewardCode::number, {}, result}};
    Report(code("E0206"), range, "the result of this arithmetic is beyond the range of `float`").to(sink_);
    return std::nullopt;
  }

  std::optional<Steps> read_call(const ast::CallExpr& call, SourceRange range) const {
    const std::string& name = call.callee.text;
    const bool is_plain = !call.module && !call.tensors && !call.label && call.has_arguments;
    const bool is_choice = name == "min" || name == "max";
    const auto word = find_word(name);
    if (is_plain && has_words_ && word && is_metric(*word)) return read_metric(*word, call);
    if (!is_plain || !is_choice) {
      return refuse(range, has_words_ && word
                               ? quoted(name) + " takes no arguments in a reward"
                               : what_ + " is arithmetic on numbers, and " + quoted(name) + " is no function of it");
    }
    if (call.arguments.size() != 2 || call.arguments[0].name || call.arguments[1].name)
      return refuse(range, quoted(name) + " takes two numbers");
    auto left = read(*call.arguments[0].value);
    auto right = read(*call.arguments[1].value);
    if (!left || !right) return std::nullopt;
    return combine(name == "min" ? RewardCode::minimum : RewardCode::maximum, std::move(*left), *right, range);
  }

  /// "accuracy(scores)": a metric of one output.
  std::optional<Steps> read_metric(RewardCode metric, const ast::CallExpr& call) const {
    const std::string name(spelling(metric));
    if (call.arguments.size() == 1 && !call.arguments[0].name) {
      if (const auto* output = std::get_if<ast::NameExpr>(&call.arguments[0].value->value)) {
        const auto id = find_output(output->name, "a metric", draft_, sink_);
        if (!id) return std::nullopt;
        return Steps{{metric, *id, 0}};
      }
    }
    Report(code("E0611"), call.arguments.empty() ? call.callee.range : call.arguments.front().range,
           quoted(name) + " takes the name of one output in a reward")
        .advise(metric == RewardCode::f1 ? "say `metric: f1(positive: 1);` for the class that F1 is about" : "")
        .to(sink_);
    return std::nullopt;
  }

  const Draft& draft_;
  diag::Sink& sink_;
  std::string what_;
  bool has_words_;
};

std::size_t depth_of(const Steps& steps) {
  std::size_t depth = 0;
  std::size_t greatest = 0;
  for (const RewardStep& step : steps) {
    depth += 1 - operand_count(step.code);
    greatest = std::max(greatest, depth);
  }
  return greatest;
}

}  // namespace

std::optional<Steps> read_reward(const ast::Expr& expr, const Draft& draft, diag::Sink& sink) {
  auto steps = Reader(draft, sink, "a reward", true).read(expr);
  if (!steps) return std::nullopt;
  if (depth_of(*steps) > max_reward_depth) {
    Report(code("E0104"), expr.range,
           "the reward nests more than " + std::to_string(max_reward_depth) + " unfinished operations")
        .to(sink);
    return std::nullopt;
  }
  const bool varies = std::any_of(steps->begin(), steps->end(), [](const RewardStep& step) {
    return std::find(bag_words.begin(), bag_words.end(), step.code) != bag_words.end();
  });
  if (!varies) {
    Report(code("E0612"), expr.range, "the reward is the same whatever the network does")
        .advise("read `metric`, `accuracy`, `f1`, `efficiency` or `cost` in it")
        .to(sink);
  }
  return steps;
}

std::optional<double> read_real(const ast::Expr& expr, const std::string& what, const Draft& draft, diag::Sink& sink) {
  const auto steps = Reader(draft, sink, what, false).read(expr);
  if (!steps) return std::nullopt;
  return steps->front().number;  // without words all is folded
}

std::optional<graph::NodeId> find_output(const ast::Name& name, const std::string& what, const Draft& draft,
                                         diag::Sink& sink) {
  std::vector<std::string_view> outputs;
  for (std::uint32_t i = 0; i < draft.program.nodes.size(); ++i) {
    if (draft.program.nodes[i].kind != graph::NodeKind::output) continue;
    if (draft.program.nodes[i].name == name.text) return graph::NodeId{i};
    outputs.push_back(draft.program.nodes[i].name);
  }
  const auto declared = draft.names.find(name.text);
  if (declared == draft.names.end()) {
    Report(code("E0602"), name.range, "no output is named " + quoted(name.text))
        .did_you_mean(name.range, diag::closest(name.text, outputs))
        .to(sink);
    return std::nullopt;
  }
  const bool is_control = declared->second.kind == DeclaredKind::control;
  Report(code("E0602"), name.range,
         quoted(name.text) + " is " + with_article(kind_text(declared->second.kind)) + ", but " + what +
             " is of an output")
      .note(declared->second.range, quoted(name.text) + " is declared here")
      .advise(is_control ? "control nodes learn from the reward; `control_weight:` says how much they count" : "")
      .to(sink);
  return std::nullopt;
}

}  // namespace d2nn::sema
