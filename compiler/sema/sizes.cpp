// Sizes of tensors as compile-time values: `channels(x)`, `height(x)`, `width(x)` and `size(x, axis)` in bodies. The
// scope of a body knows the dimensions of its tensors as far as they are known.
#include <algorithm>
#include <array>

#include "diag/spelling.h"
#include "ops/shape.h"
#include "sema/constants.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

/// In the order of the axes of an image.
constexpr std::array<std::string_view, 3> image_sizes{"channels", "height", "width"};
constexpr std::string_view any_size = "size";

/// "the axis 0 only", "the axes 0 to 2".
std::string axes_text(std::size_t rank) {
  return rank == 1 ? "the axis 0 only" : "the axes 0 to " + std::to_string(rank - 1);
}

}  // namespace

bool is_size_query(const ast::CallExpr& call) {
  const bool is_plain = !call.module && !call.tensors && !call.label && call.has_arguments;
  const std::string& word = call.callee.text;
  return is_plain && (word == any_size || std::find(image_sizes.begin(), image_sizes.end(), word) != image_sizes.end());
}

const NamedValue* Evaluator::find_tensor(const ast::CallExpr& query) const {
  const ast::Argument& argument = query.arguments[0];
  const auto* name = std::get_if<ast::NameExpr>(&argument.value->value);
  if (name == nullptr) {
    Report(code("E0205"), argument.value->range, quoted(query.callee.text) + " takes the name of a tensor of the body")
        .advise("name the tensor with `let`")
        .to(sink_);
    return nullptr;
  }
  const std::string& text = name->name.text;
  const NamedValue* named = scope_.find(text);
  if (named == nullptr) {
    Report(code("E0201"), name->name.range, "no tensor is named " + quoted(text))
        .did_you_mean(name->name.range, diag::closest(text, scope_.tensor_names()))
        .to(sink_);
    return nullptr;
  }
  if (named->other_kind == "tensor") return named;
  const std::string kind = named->other_kind.empty() ? "compile-time value" : named->other_kind;
  Report(
      code("E0205"), name->name.range,
      quoted(text) + " is " + with_article(kind) + ", but " + quoted(query.callee.text) + " takes a tensor of the body")
      .note(named->range, quoted(text) + " is declared here")
      .to(sink_);
  return nullptr;
}

std::optional<Value> Evaluator::evaluate_size(const ast::CallExpr& query, SourceRange range) const {
  const std::string& word = query.callee.text;
  const bool has_axis = word == any_size;
  const std::size_t expected = has_axis ? 2 : 1;
  for (const ast::Argument& argument : query.arguments) {
    if (!argument.name) continue;
    Report(code("E0303"), argument.name->range, quoted(word) + " has no parameter " + quoted(argument.name->text))
        .advise(has_axis ? "write a tensor and an axis, as in `size(x, 0)`" : "write a tensor, as in `" + word + "(x)`")
        .to(sink_);
    return std::nullopt;
  }
  if (query.arguments.size() != expected) {
    Report(code("E0303"), range,
           quoted(word) + " takes a tensor" + (has_axis ? " and an axis" : "") + ", found " +
               counted(query.arguments.size(), "argument"))
        .to(sink_);
    return std::nullopt;
  }
  const NamedValue* tensor = find_tensor(query);
  std::optional<Value> axis;
  if (has_axis) {
    axis = evaluate_as(*query.arguments[1].value, ValueType::integer, "an axis");
  } else {
    axis = static_cast<std::int64_t>(std::find(image_sizes.begin(), image_sizes.end(), word) - image_sizes.begin());
  }
  if (tensor == nullptr || !axis) return std::nullopt;
  if (!tensor->dims) {
    if (is_shape_missed_ != nullptr) *is_shape_missed_ = true;
    return std::nullopt;
  }
  const Dims& dims = *tensor->dims;
  const std::string& name = std::get<ast::NameExpr>(query.arguments[0].value->value).name.text;
  const std::string found = quoted(name) + " is " + ops::Shape(dims).to_string();
  if (!has_axis && dims.size() != image_sizes.size()) {
    Report(code("E0313"), query.arguments[0].range, found + ", but " + quoted(word) + " is one of an image [C, H, W]")
        .note(tensor->range, quoted(name) + " is declared here")
        .advise("write " + quoted("size(" + name + ", 0)") + " for the size of its first axis")
        .to(sink_);
    return std::nullopt;
  }
  const std::int64_t index = std::get<std::int64_t>(*axis);
  if (index < 0 || index >= static_cast<std::int64_t>(dims.size())) {
    Report(code("E0313"), query.arguments[1].range,
           found + ", which has " + axes_text(dims.size()) + ", not " + std::to_string(index))
        .note(tensor->range, quoted(name) + " is declared here")
        .to(sink_);
    return std::nullopt;
  }
  return dims[static_cast<std::size_t>(index)];
}

}  // namespace d2nn::sema
