// One Binder per layer call: what was written, then defaults. Field types come from ops/attributes.h.
#include "sema/arguments.h"

#include "diag/spelling.h"
#include "ops/attributes.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

/// How messages call what a parameter takes.
const char* type_text(ops::ParamType type) {
  switch (type) {
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
  }
  return "";
}

/// Puts the value into the field; false when it is of another type.
struct Assign {
  const Value& value;

  bool operator()(ops::Extent* extent) const {
    const std::optional<Value> converted = convert(value, ValueType::dims);
    if (!converted) return false;
    const Dims& dims = std::get<Dims>(*converted);
    if (dims.size() > 2) return false;
    *extent = {dims.front(), dims.back()};
    return true;
  }
  bool operator()(std::int64_t* field) const { return assign(field, ValueType::integer); }
  bool operator()(bool* field) const { return assign(field, ValueType::boolean); }
  bool operator()(double* field) const { return assign(field, ValueType::number); }
  bool operator()(Dims* field) const { return assign(field, ValueType::dims); }
  bool operator()(std::vector<double>*) const { return false; }  // lists are no Value; see bind

 private:
  template <class T>
  bool assign(T* field, ValueType type) const {
    const std::optional<Value> converted = convert(value, type);
    if (converted) *field = std::get<T>(*converted);
    return converted.has_value();
  }
};

class Binder {
 public:
  Binder(const ops::OpInfo& layer, const ast::CallExpr& call, const Evaluator& evaluator, OpFacts& facts,
         diag::Sink& sink)
      : layer_(layer), call_(call), evaluator_(evaluator), facts_(facts), sink_(sink) {}

  std::optional<ops::OpAttrs> run() {
    bool is_well = true;
    std::size_t position = 0;
    bool named_seen = false;
    for (const ast::Argument& argument : call_.arguments) {
      const ops::ParamInfo* param = nullptr;
      if (argument.name) {
        named_seen = true;
        param = find_named(*argument.name);
      } else if (named_seen) {
        refuse(argument.range, "a positional argument stands behind a named one");
      } else if (position == layer_.params.size()) {
        refuse(argument.range,
               "`" + std::string(layer_.spelling) + "` takes at most " + counted(layer_.params.size(), "argument"));
        return std::nullopt;  // those behind it are too many as well
      } else {
        param = &layer_.params[position++];
      }
      if (param == nullptr || !bind(*param, argument)) is_well = false;
    }
    if (!is_well) return std::nullopt;
    for (const ops::ParamInfo& param : layer_.params) {
      if (!facts_.arguments.contains(param.name) && !use_default(param)) return std::nullopt;
    }
    return std::move(attrs_);
  }

 private:
  void refuse(SourceRange range, const std::string& message) {
    Report(code("E0303"), range, message).advise("the layer is " + quoted(ops::signature_text(layer_))).to(sink_);
  }

  const ops::ParamInfo* find_named(const ast::Name& name) {
    std::vector<std::string_view> names;
    for (const ops::ParamInfo& param : layer_.params) {
      if (param.name == name.text) return &param;
      names.push_back(param.name);
    }
    Report report(code("E0303"), name.range,
                  "`" + std::string(layer_.spelling) + "` has no parameter " + quoted(name.text));
    const std::string_view nearest = diag::closest(name.text, names);
    nearest.empty() ? report.advise("the layer is " + quoted(ops::signature_text(layer_)))
                    : report.did_you_mean(name.range, nearest);
    report.to(sink_);
    return nullptr;
  }

  bool bind(const ops::ParamInfo& param, const ast::Argument& argument) {
    const auto [first, is_new] = facts_.arguments.emplace(param.name, argument.range);
    if (!is_new) {
      Report(code("E0303"), argument.range, "`" + std::string(param.name) + "` is given twice")
          .note(first->second, "first given here")
          .to(sink_);
      return false;
    }
    const ops::AttributePtr field = ops::attribute(attrs_, param.name);
    if (auto* const* numbers = std::get_if<std::vector<double>*>(&field)) {
      auto values = evaluator_.evaluate_numbers(*argument.value, quoted(param.name));
      if (values) **numbers = std::move(*values);
      return values.has_value();
    }
    const std::optional<Value> value = evaluator_.evaluate(*argument.value);
    if (!value) return false;
    if (std::visit(Assign{*value}, field)) return true;
    Report(code("E0305"), argument.value->range,
           "`" + std::string(param.name) + "` takes " + type_text(param.type) + ", but " + quoted(to_text(*value)) +
               " is " + with_article(quoted(std::string(spelling(type_of(*value))))))
        .to(sink_);
    return false;
  }

  bool use_default(const ops::ParamInfo& param) {
    if (param.fallback == nullptr) {
      refuse(call_.callee.range, "`" + std::string(layer_.spelling) + "` needs `" + param.name + "`");
      return false;
    }
    // A fallback that names another parameter copies it; all others are those that OpAttrs begins with.
    for (const ops::ParamInfo& other : layer_.params) {
      if (std::string_view(param.fallback) == other.name) {
        *std::get<ops::Extent*>(ops::attribute(attrs_, param.name)) =
            *std::get<ops::Extent*>(ops::attribute(attrs_, other.name));
      }
    }
    return true;
  }

  const ops::OpInfo& layer_;
  const ast::CallExpr& call_;
  const Evaluator& evaluator_;
  OpFacts& facts_;
  diag::Sink& sink_;
  ops::OpAttrs attrs_;
};

}  // namespace

std::optional<ops::OpAttrs> bind_arguments(const ops::OpInfo& layer, const ast::CallExpr& call,
                                           const Evaluator& evaluator, OpFacts& facts, diag::Sink& sink) {
  return Binder(layer, call, evaluator, facts, sink).run();
}

}  // namespace d2nn::sema
