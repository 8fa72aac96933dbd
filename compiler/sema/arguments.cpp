// One Binder per layer call: what was written, then defaults.
#include "sema/arguments.h"

#include <algorithm>
#include <map>

#include "diag/spelling.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

/// An int, or a list that holds ints alone.
std::optional<ops::Argument> to_integers(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return ops::IntegerList{{*integer}};
  const auto* list = std::get_if<List>(&value);
  if (list == nullptr) return std::nullopt;
  ops::IntegerList integers;
  for (const Value& item : list->items) {
    const auto* integer = std::get_if<std::int64_t>(&item);
    if (integer == nullptr) return std::nullopt;
    integers.values.push_back(*integer);
  }
  return integers;
}

/// How messages call what a parameter takes.
std::string type_text(const ops::ParamInfo& param) {
  switch (param.type) {
    case ops::ParamType::extent:
      return "a size as in `3x3` or `3`";
    case ops::ParamType::integer:
      return "an int";
    case ops::ParamType::boolean:
      return "a bool";
    case ops::ParamType::number:
      return "a number";
    case ops::ParamType::dims:
      return "dims as in `1x28x28`";
    case ops::ParamType::numbers:
      return "a list of numbers";
    case ops::ParamType::integers:
      return "an int or a list of ints as in `[1, 2]`";
    case ops::ParamType::word:
      return ops::choices_text(param.choices);
    case ops::ParamType::start:
      return "`zeros`, `ones` or `normal(std)`";
  }
  return "";
}

/// The value as an argument of that type; nothing when it is of another. Lists of numbers and words are read without
/// making a Value of them: see bind.
std::optional<ops::Argument> to_argument(const Value& value, ops::ParamType type) {
  const auto as = [&]<class T>(ValueType wanted, T) -> std::optional<ops::Argument> {
    const std::optional<Value> converted = convert(value, wanted);
    return converted ? std::optional<ops::Argument>(std::get<T>(*converted)) : std::nullopt;
  };
  switch (type) {
    case ops::ParamType::extent: {
      const std::optional<Value> converted = convert(value, ValueType::dims);
      if (!converted || std::get<Dims>(*converted).size() > 2) return std::nullopt;
      const Dims& dims = std::get<Dims>(*converted);
      return ops::Extent{dims.front(), dims.back()};
    }
    case ops::ParamType::integer:
      return as(ValueType::integer, std::int64_t{});
    case ops::ParamType::boolean:
      return as(ValueType::boolean, bool{});
    case ops::ParamType::number:
      return as(ValueType::number, double{});
    case ops::ParamType::dims:
      return as(ValueType::dims, Dims{});
    case ops::ParamType::integers:
      return to_integers(value);
    case ops::ParamType::numbers:
    case ops::ParamType::word:
    case ops::ParamType::start:
      break;
  }
  return std::nullopt;
}

std::string advice(const Signature& signature) {
  return (signature.is_layer ? "the layer is " : "the block is ") + quoted(signature.text);
}

void report_missing(const Signature& signature, SourceRange place, const std::string& parameter, diag::Sink& sink) {
  Report(code("E0303"), place, quoted(signature.name) + " needs " + quoted(parameter))
      .advise(advice(signature))
      .to(sink);
}

class Binder {
 public:
  Binder(const ops::Layer& layer, const ast::CallExpr& call, const Evaluator& evaluator, OpFacts& facts,
         diag::Sink& sink)
      : layer_(layer), call_(call), evaluator_(evaluator), facts_(facts), sink_(sink) {}

  std::optional<ops::Arguments> run() {
    const auto parameters = match_arguments(signature(), call_.arguments, sink_);
    bool is_well = parameters.has_value();
    for (std::size_t i = 0; parameters && i < parameters->size(); ++i) {
      is_well = bind(layer_.params[(*parameters)[i]], call_.arguments[i]) && is_well;
    }
    if (!is_well) return std::nullopt;
    for (const ops::ParamInfo& param : layer_.params) {
      if (param.fallback != nullptr || facts_.arguments.contains(param.name)) continue;
      report_missing(signature(), call_.callee.range, param.name, sink_);
      return std::nullopt;
    }
    return ops::complete(layer_.params, std::move(arguments_));
  }

 private:
  Signature signature() const {
    Signature signature{layer_.name, {}, ops::signature_text(layer_.name, layer_.params), true};
    for (const ops::ParamInfo& param : layer_.params) signature.parameters.push_back(param.name);
    return signature;
  }

  bool bind(const ops::ParamInfo& param, const ast::Argument& argument) {
    facts_.arguments.emplace(param.name, argument.range);
    if (param.type == ops::ParamType::numbers) {
      auto values = evaluator_.evaluate_numbers(*argument.value, quoted(param.name));
      if (!values) return false;
      arguments_.set(param.name, std::move(*values));
      return true;
    }
    if (param.type == ops::ParamType::word) return bind_word(param, *argument.value);
    if (param.type == ops::ParamType::start) return bind_start(param, *argument.value);
    const std::optional<Value> value = evaluator_.evaluate(*argument.value);
    if (!value) return false;
    if (std::optional<ops::Argument> converted = to_argument(*value, param.type)) {
      arguments_.set(param.name, std::move(*converted));
      return true;
    }
    Report(code("E0305"), argument.value->range,
           "`" + std::string(param.name) + "` takes " + type_text(param) + ", but " + quoted(to_text(*value)) + " is " +
               with_article(quoted(std::string(spelling(type_of(*value))))))
        .to(sink_);
    return false;
  }

  /// A word is no value: constants of its name do not matter.
  bool bind_word(const ops::ParamInfo& param, const ast::Expr& expr) {
    const auto* name = std::get_if<ast::NameExpr>(&expr.value);
    if (name != nullptr && std::ranges::find(param.choices, name->name.text) != param.choices.end()) {
      arguments_.set(param.name, name->name.text);
      return true;
    }
    const std::string takes = quoted(param.name) + " takes " + type_text(param);
    if (name == nullptr) {
      Report(code("E0305"), expr.range, takes + ", but this is no word").to(sink_);
      return false;
    }
    const std::vector<std::string_view> choices(param.choices.begin(), param.choices.end());
    Report(code("E0304"), expr.range, takes + ", but not " + quoted(name->name.text))
        .did_you_mean(expr.range, diag::closest(name->name.text, choices))
        .to(sink_);
    return false;
  }

  /// `zeros`, `ones` and `normal` are words of this place, whatever constants and blocks are named.
  bool bind_start(const ops::ParamInfo& param, const ast::Expr& expr) {
    const auto* name = std::get_if<ast::NameExpr>(&expr.value);
    const auto* call = std::get_if<ast::CallExpr>(&expr.value);
    if (name != nullptr && (name->name.text == "zeros" || name->name.text == "ones")) {
      arguments_.set(param.name, ops::StartValues{name->name.text == "ones" ? ops::Start::ones : ops::Start::zeros});
      return true;
    }
    const bool is_normal = call != nullptr && !call->module && call->callee.text == "normal" && !call->tensors &&
                           !call->label && call->arguments.size() == 1 && !call->arguments[0].name;
    if (!is_normal) {
      Report(code("E0305"), expr.range, quoted(param.name) + " takes " + type_text(param))
          .advise(name != nullptr && name->name.text == "normal" ? "give its deviation, as in `normal(0.02)`" : "")
          .to(sink_);
      return false;
    }
    const auto deviation = evaluator_.evaluate_real(*call->arguments[0].value, "the deviation of `normal`");
    if (deviation) arguments_.set(param.name, ops::StartValues{ops::Start::normal, *deviation});
    return deviation.has_value();
  }

  const ops::Layer& layer_;
  const ast::CallExpr& call_;
  const Evaluator& evaluator_;
  OpFacts& facts_;
  diag::Sink& sink_;
  ops::Arguments arguments_;
};

/// The value of a block's parameter as the call gives it; nothing after an error.
std::optional<Value> argument_value(const ast::Parameter& parameter, ValueType type, const ast::Argument& argument,
                                    const Evaluator& evaluator, diag::Sink& sink) {
  const std::optional<Value> value = evaluator.evaluate(*argument.value);
  if (!value) return std::nullopt;
  std::optional<Value> converted = convert(*value, type);
  if (!converted) {
    Report(code("E0305"), argument.value->range,
           quoted(parameter.name.text) + " takes " + with_article(quoted(std::string(spelling(type)))) + ", but " +
               quoted(to_text(*value)) + " is " + with_article(quoted(std::string(spelling(type_of(*value))))))
        .to(sink);
  }
  return converted;
}

/// A default as a signature shows it: a literal as it is, anything else as dots.
std::string default_text(const ast::Expr& expr) {
  if (const auto* number = std::get_if<ast::NumberExpr>(&expr.value)) {
    return number->is_integer ? std::to_string(number->integer) : ops::number_text(number->value);
  }
  if (const auto* flag = std::get_if<ast::BoolExpr>(&expr.value)) return flag->value ? "true" : "false";
  if (const auto* dims = std::get_if<ast::DimsExpr>(&expr.value)) return to_text(Value(dims->dims));
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.value)) return name->name.text;
  return "...";
}

}  // namespace

std::optional<std::vector<std::size_t>> match_arguments(const Signature& signature,
                                                        const std::vector<ast::Argument>& arguments, diag::Sink& sink) {
  const auto& parameters = signature.parameters;
  std::vector<std::size_t> matched;
  std::map<std::size_t, SourceRange> given;
  std::size_t position = 0;
  bool is_well = true;
  bool named_seen = false;
  for (const ast::Argument& argument : arguments) {
    std::size_t parameter = parameters.size();
    if (argument.name) {
      named_seen = true;
      const auto found = std::find(parameters.begin(), parameters.end(), argument.name->text);
      parameter = static_cast<std::size_t>(found - parameters.begin());
      if (found == parameters.end()) {
        Report report(code("E0303"), argument.name->range,
                      quoted(signature.name) + " has no parameter " + quoted(argument.name->text));
        const std::string_view nearest = diag::closest(argument.name->text, parameters);
        nearest.empty() ? report.advise(advice(signature)) : report.did_you_mean(argument.name->range, nearest);
        report.to(sink);
      }
    } else if (named_seen) {
      Report(code("E0303"), argument.range, "a positional argument stands behind a named one")
          .advise(advice(signature))
          .to(sink);
    } else if (position == parameters.size()) {
      Report(code("E0303"), argument.range,
             quoted(signature.name) + " takes at most " + counted(parameters.size(), "argument"))
          .advise(advice(signature))
          .to(sink);
      return std::nullopt;  // those behind it are too many as well
    } else {
      parameter = position++;
    }
    if (parameter == parameters.size()) {
      is_well = false;
      continue;
    }
    const auto [first, is_new] = given.emplace(parameter, argument.range);
    if (!is_new) {
      Report(code("E0303"), argument.range, "`" + std::string(parameters[parameter]) + "` is given twice")
          .note(first->second, "first given here")
          .to(sink);
      is_well = false;
    }
    matched.push_back(parameter);
  }
  return is_well ? std::optional(std::move(matched)) : std::nullopt;
}

bool bind_block_arguments(const ast::Block& block, const ast::CallExpr& call, const Evaluator& evaluator,
                          ConstantScope& scope, diag::Sink& sink, diag::Sink& in_block) {
  Signature signature{block.name.text, {}, signature_text(block), false};
  for (const ast::Parameter& parameter : block.params) signature.parameters.push_back(parameter.name.text);
  const auto matched = match_arguments(signature, call.arguments, sink);
  bool is_well = matched.has_value();
  for (std::size_t i = 0; i < block.params.size(); ++i) {
    const ast::Parameter& parameter = block.params[i];
    const std::optional<ValueType> type = find_type(parameter.type.text);
    std::optional<Value> value;
    const auto argument =
        matched ? std::find(matched->begin(), matched->end(), i) : std::vector<std::size_t>::const_iterator();
    if (matched && argument != matched->end() && type) {
      value = argument_value(parameter, *type, call.arguments[static_cast<std::size_t>(argument - matched->begin())],
                             evaluator, sink);
    } else if (parameter.fallback && type) {
      value = evaluator.in(scope, in_block)
                  .evaluate_as(*parameter.fallback, *type, "parameter " + quoted(parameter.name.text));
    } else if (matched && type) {
      report_missing(signature, call.callee.range, parameter.name.text, sink);
    }
    is_well = is_well && value;
    scope.declare(parameter.name.text, {parameter.name.range, value, {}});
  }
  return is_well;
}

std::string signature_text(const ast::Block& block) {
  std::string text = block.name.text + "(";
  for (const ast::Parameter& parameter : block.params) {
    if (text.back() != '(') text += ", ";
    text += parameter.name.text + ": " + parameter.type.text;
    if (parameter.fallback) text += " = " + default_text(*parameter.fallback);
  }
  text += ")";
  for (std::size_t i = 0; i < block.tensors.size(); ++i) text += (i == 0 ? "(" : ", ") + block.tensors[i].text;
  return block.tensors.empty() ? text : text + ")";
}

std::optional<ops::Arguments> bind_arguments(const ops::Layer& layer, const ast::CallExpr& call,
                                             const Evaluator& evaluator, OpFacts& facts, diag::Sink& sink) {
  return Binder(layer, call, evaluator, facts, sink).run();
}

}  // namespace d2nn::sema
