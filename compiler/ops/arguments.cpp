#include "ops/arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace d2nn::ops {
namespace {

template <class T>
std::string list_text(const std::vector<T>& values, std::string (*text_of)(T)) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) text += (i > 0 ? ", " : "") + text_of(values[i]);
  return text + "]";
}

struct TextOf {
  std::string operator()(Extent extent) const { return extent_text(extent); }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(double value) const { return number_text(value); }
  std::string operator()(const Integers& dims) const {
    std::string text;
    for (std::size_t i = 0; i < dims.size(); ++i) text += (i > 0 ? "x" : "") + std::to_string(dims[i]);
    return text;
  }
  std::string operator()(const Numbers& values) const { return list_text(values, number_text); }
  std::string operator()(const IntegerList& list) const {
    return list_text<std::int64_t>(list.values, [](std::int64_t value) { return std::to_string(value); });
  }
  std::string operator()(const Word& word) const { return word; }
  std::string operator()(const StartValues& values) const {
    if (values.start == Start::normal) return "normal(" + number_text(values.deviation) + ")";
    return values.start == Start::ones ? "ones" : "zeros";
  }
};

/// A default as written in the definition of a layer. Those of dims and lists are never written.
Argument parse_default(const ParamInfo& param) {
  const std::string text = param.fallback;
  switch (param.type) {
    case ParamType::extent: {
      const std::int64_t both = std::stoll(text);
      return Extent{both, both};
    }
    case ParamType::integer:
      return std::int64_t{std::stoll(text)};
    case ParamType::boolean:
      return text == "true";
    case ParamType::number:
      return std::stod(text);
    case ParamType::word:
      return text;
    case ParamType::start:
      return StartValues{text == "ones" ? Start::ones : Start::zeros};
    case ParamType::dims:
    case ParamType::numbers:
    case ParamType::integers:
      break;
  }
  throw std::logic_error("the parameter `" + std::string(param.name) + "` has a default that cannot be read");
}

bool names_a_parameter(std::span<const ParamInfo> params, std::string_view text) {
  return std::any_of(params.begin(), params.end(), [&](const ParamInfo& param) { return text == param.name; });
}

Argument default_of(std::span<const ParamInfo> params, const ParamInfo& param, const Arguments& given) {
  // A word stands for itself, even where a parameter is named like it.
  if (param.type == ParamType::word || !names_a_parameter(params, param.fallback)) return parse_default(param);
  const Argument* other = given.find(param.fallback);
  if (other == nullptr) throw std::logic_error("the parameter `" + std::string(param.fallback) + "` has no value");
  return *other;
}

template <class T>
const T& value_of(const Arguments& arguments, std::string_view name) {
  const Argument* found = arguments.find(name);
  const T* value = found != nullptr ? std::get_if<T>(found) : nullptr;
  if (value == nullptr) throw std::logic_error("the argument `" + std::string(name) + "` is missing or mistyped");
  return *value;
}

}  // namespace

Arguments& Arguments::set(std::string_view name, Argument value) {
  for (auto& [known, held] : values_) {
    if (known != name) continue;
    held = std::move(value);
    return *this;
  }
  values_.emplace_back(name, std::move(value));
  return *this;
}

const Argument* Arguments::find(std::string_view name) const {
  for (const auto& [known, held] : values_) {
    if (known == name) return &held;
  }
  return nullptr;
}

Extent Arguments::extent(std::string_view name) const {
  return value_of<Extent>(*this, name);
}
std::int64_t Arguments::integer(std::string_view name) const {
  return value_of<std::int64_t>(*this, name);
}
bool Arguments::boolean(std::string_view name) const {
  return value_of<bool>(*this, name);
}
double Arguments::number(std::string_view name) const {
  const Argument* found = find(name);
  if (found != nullptr && std::holds_alternative<std::int64_t>(*found)) {
    return static_cast<double>(std::get<std::int64_t>(*found));
  }
  return value_of<double>(*this, name);
}
const Integers& Arguments::dims(std::string_view name) const {
  return value_of<Integers>(*this, name);
}
const Numbers& Arguments::numbers(std::string_view name) const {
  return value_of<Numbers>(*this, name);
}
const Integers& Arguments::integers(std::string_view name) const {
  return value_of<IntegerList>(*this, name).values;
}
const Word& Arguments::word(std::string_view name) const {
  return value_of<Word>(*this, name);
}
const StartValues& Arguments::start(std::string_view name) const {
  return value_of<StartValues>(*this, name);
}

Arguments complete(std::span<const ParamInfo> params, Arguments given) {
  for (const ParamInfo& param : params) {
    if (given.has(param.name)) continue;
    if (param.fallback == nullptr) throw std::logic_error("`" + std::string(param.name) + "` is required");
    given.set(param.name, default_of(params, param, given));
  }
  return given;
}

std::string arguments_text(std::span<const ParamInfo> params, const Arguments& arguments) {
  std::string text;
  for (const ParamInfo& param : params) {
    const Argument* value = arguments.find(param.name);
    if (value == nullptr) throw std::logic_error("`" + std::string(param.name) + "` has no value");
    const std::string written = std::visit(TextOf{}, *value);
    if (param.fallback != nullptr && written == std::visit(TextOf{}, default_of(params, param, arguments))) continue;
    if (!text.empty()) text += ", ";
    if (param.fallback != nullptr) text += std::string(param.name) + ": ";
    text += written;
  }
  return text;
}

std::string signature_text(std::string_view layer, std::span<const ParamInfo> params) {
  std::string text;
  for (const ParamInfo& param : params) {
    text += (text.empty() ? "" : ", ") + std::string(param.name);
    if (param.fallback != nullptr) text += ": " + std::string(param.fallback);
  }
  return std::string(layer) + (text.empty() ? text : "(" + text + ")");
}

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), end);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string choices_text(std::span<const char* const> choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += "`" + std::string(choices[i]) + "`";
  }
  return text;
}

std::string extent_text(Extent extent) {
  if (extent.h == extent.w) return std::to_string(extent.h);
  return std::to_string(extent.h) + "x" + std::to_string(extent.w);
}

}  // namespace d2nn::ops
