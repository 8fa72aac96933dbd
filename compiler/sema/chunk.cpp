// `let a, b, c = x -> chunk(3);`: a tensor cut into as many slices as there are names.
#include <algorithm>

#include "sema/arguments.h"
#include "sema/body.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

const ast::CallExpr* as_chunk(const ast::Expr& expr) {
  const auto* call = std::get_if<ast::CallExpr>(&expr.value);
  return call != nullptr && BodyElaborator::is_chunk(*call) ? call : nullptr;
}

std::string axes_text(std::size_t rank) {
  return rank == 1 ? "the axis 0 only" : "the axes 0 to " + std::to_string(rank - 1);
}

}  // namespace

bool BodyElaborator::is_chunk(const ast::CallExpr& call) {
  return !call.module && call.callee.text == "chunk";
}

bool BodyElaborator::declare_parts(const ast::Let& let, BodyScope& scope, bool is_written) {
  std::vector<Tensor> parts(let.names.size());
  const ast::Expr& value = *let.value;
  const auto* pipe = std::get_if<ast::PipelineExpr>(&value.value);
  const bool has_block = scope.module->blocks.contains("chunk");
  const ast::CallExpr* call = has_block ? nullptr : as_chunk(pipe != nullptr ? *pipe->stages.back() : value);
  if (call == nullptr) {
    const std::size_t errors_before = sink_->errors_reported();
    tensor(value);
    if (sink_->errors_reported() == errors_before) {
      Report(code("E0303"), cover(let.names.front().range, let.names.back().range),
             std::to_string(let.names.size()) + " names are given to one tensor")
          .advise("end the `let` with `chunk(" + std::to_string(let.names.size()) + ")`")
          .to(*sink_);
    }
  } else if (pipe != nullptr) {
    parts = chunk(*call, pipeline(*pipe, value.range, pipe->stages.size() - 1), let);
  } else if (!call->tensors) {
    parts = chunk(*call, joined_input(value.range), let);
  } else if (call->tensors->size() == 1) {
    parts = chunk(*call, tensor(*call->tensors->front()), let);
  } else {
    Report(code("E0303"), value.range, "`chunk` takes one tensor, not " + std::to_string(call->tensors->size()))
        .to(*sink_);
  }
  bool is_well = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    is_well = declare_let(let.names[i], parts[i], scope, is_written) && parts[i] && is_well;
  }
  return is_well;
}

std::vector<Tensor> BodyElaborator::chunk(const ast::CallExpr& call, Tensor input, const ast::Let& let) {
  std::vector<Tensor> parts(let.names.size());
  const std::string signature = "chunk(parts, axis: 0)";
  const auto matched = match_arguments({"chunk", {"parts", "axis"}, signature, true}, call.arguments, *sink_);
  if (!matched) return parts;
  const auto argument = [&](std::size_t parameter) {
    const auto found = std::find(matched->begin(), matched->end(), parameter);
    return found == matched->end() ? nullptr : &call.arguments[static_cast<std::size_t>(found - matched->begin())];
  };
  const ast::Argument* count_argument = argument(0);
  const ast::Argument* axis_argument = argument(1);
  if (count_argument == nullptr) {
    Report(code("E0303"), call.callee.range, "`chunk` needs `parts`")
        .advise("the layer is " + quoted(signature))
        .to(*sink_);
    return parts;
  }
  const auto integer = [&](const ast::Argument& given, const char* what) -> std::optional<std::int64_t> {
    const auto value = evaluator().evaluate_as(*given.value, ValueType::integer, what);
    return value ? std::optional(std::get<std::int64_t>(*value)) : std::nullopt;
  };
  const auto count = integer(*count_argument, "`parts`");
  const auto axis = axis_argument != nullptr ? integer(*axis_argument, "`axis`") : 0;
  if (!count || !axis) return parts;
  if (*count != static_cast<std::int64_t>(parts.size())) {
    Report(code("E0303"), count_argument->range,
           "`chunk(" + std::to_string(*count) + ")` is given " + counted(parts.size(), "name"))
        .note(cover(let.names.front().range, let.names.back().range), "its parts are named here")
        .to(*sink_);
    return parts;
  }
  if (!input) return parts;
  const ops::Shape* found = shape_of(input);
  if (found == nullptr) {
    if (shapes_ != nullptr) shapes_->is_missed = true;
    return parts;
  }
  const ops::Shape shape = *found;  // appending ops moves it
  const SourceRange axis_place = axis_argument != nullptr ? axis_argument->range : call.callee.range;
  if (*axis < 0 || *axis >= static_cast<std::int64_t>(shape.rank())) {
    Report(code("E0301"), axis_place,
           "`chunk` along axis " + std::to_string(*axis) + ", but " + shape.to_string() + " has " +
               axes_text(shape.rank()))
        .to(*sink_);
    return parts;
  }
  const std::int64_t size = shape.dims[static_cast<std::size_t>(*axis)];
  if (size % *count != 0) {
    Report(code("E0301"), count_argument->range,
           "`chunk` into " + std::to_string(*count) + " parts, but axis " + std::to_string(*axis) + " of " +
               shape.to_string() + " has " + std::to_string(size))
        .advise("the parts must divide the axis")
        .to(*sink_);
    return parts;
  }
  for (std::int64_t i = 0; i < *count; ++i) {
    ops::Arguments arguments;
    arguments.set("axis", *axis).set("from", i * (size / *count)).set("to", (i + 1) * (size / *count));
    parts[static_cast<std::size_t>(i)] =
        append(ops::layer("slice"), std::move(arguments), {*input}, std::nullopt, call.callee.range, {});
  }
  return parts;
}

}  // namespace d2nn::sema
