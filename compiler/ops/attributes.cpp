// Arguments by name, and as text.
#include "ops/attributes.h"

#include <array>
#include <charconv>
#include <cmath>

#include "ops/rules.h"

namespace d2nn::ops {
namespace {

using Member = std::variant<Extent OpAttrs::*, std::int64_t OpAttrs::*, bool OpAttrs::*, double OpAttrs::*,
                            std::vector<std::int64_t> OpAttrs::*, std::vector<double> OpAttrs::*>;

struct Field {
  std::string_view name;
  Member member;
};

constexpr std::array<Field, 17> fields{{
    {"kernel", &OpAttrs::kernel},
    {"stride", &OpAttrs::stride},
    {"pad", &OpAttrs::pad},
    {"dilation", &OpAttrs::dilation},
    {"filters", &OpAttrs::filters},
    {"units", &OpAttrs::units},
    {"groups", &OpAttrs::groups},
    {"bias", &OpAttrs::bias},
    {"eps", &OpAttrs::eps},
    {"momentum", &OpAttrs::momentum},
    {"slope", &OpAttrs::slope},
    {"p", &OpAttrs::p},
    {"dims", &OpAttrs::dims},
    {"mean", &OpAttrs::mean},
    {"std", &OpAttrs::std},
    {"before", &OpAttrs::before},
    {"after", &OpAttrs::after},
}};

struct TextOf {
  std::string operator()(const Extent* extent) const { return extent_text(*extent); }
  std::string operator()(const std::int64_t* value) const { return std::to_string(*value); }
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const double* value) const { return number_text(*value); }
  std::string operator()(const std::vector<std::int64_t>* dims) const {
    std::string text;
    for (std::size_t i = 0; i < dims->size(); ++i) text += (i > 0 ? "x" : "") + std::to_string((*dims)[i]);
    return text;
  }
  std::string operator()(const std::vector<double>* values) const {
    std::string text = "[";
    for (std::size_t i = 0; i < values->size(); ++i) text += (i > 0 ? ", " : "") + number_text((*values)[i]);
    return text + "]";
  }
};

}  // namespace

AttributePtr attribute(OpAttrs& attrs, std::string_view name) {
  const Field* found = fields.data();
  while (found->name != name) ++found;
  return std::visit([&](auto member) -> AttributePtr { return &(attrs.*member); }, found->member);
}

std::string arguments_text(OpKind kind, const OpAttrs& attrs) {
  OpAttrs given = attrs;
  OpAttrs defaults;
  std::string text;
  for (const ParamInfo& param : info(kind).params) {
    const std::string value = std::visit(TextOf{}, attribute(given, param.name));
    if (param.fallback != nullptr) {
      const bool follows_another = std::string_view(param.fallback) == "kernel";
      if (value ==
          (follows_another ? extent_text(given.kernel) : std::visit(TextOf{}, attribute(defaults, param.name)))) {
        continue;
      }
    }
    if (!text.empty()) text += ", ";
    if (param.fallback != nullptr) text += std::string(param.name) + ": ";
    text += value;
  }
  return text;
}

std::string signature_text(const OpInfo& layer) {
  std::string text;
  for (const ParamInfo& param : layer.params) {
    text += (text.empty() ? "" : ", ") + std::string(param.name);
    if (param.fallback != nullptr) text += ": " + std::string(param.fallback);
  }
  return layer.spelling + (text.empty() ? text : "(" + text + ")");
}

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), end);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace d2nn::ops
